#include "shared/prompts/prompt.hpp"

#include <algorithm>

namespace fabula::prompts {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

}  // namespace

std::string filled(const Prompt& prompt, Values values) {
  std::string out;
  std::string_view rest = prompt.text;
  for (auto open = rest.find(kOpen); open != std::string_view::npos; open = rest.find(kOpen)) {
    const auto close = rest.find(kClose, open);
    if (close == std::string_view::npos) break;
    const auto name = rest.substr(open + kOpen.size(), close - open - kOpen.size());
    const auto end = close + kClose.size();
    const auto* value = std::find_if(values.begin(), values.end(),
                                     [name](const auto& each) { return each.first == name; });
    out.append(rest.substr(0, open));
    out.append(value == values.end() ? rest.substr(open, end - open) : value->second);
    rest.remove_prefix(end);
  }
  return out.append(rest);
}

}  // namespace fabula::prompts
