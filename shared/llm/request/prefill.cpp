#include "shared/llm/request/prefill.hpp"

#include <algorithm>
#include <array>

namespace fabula::llm {
namespace {

// From 4.6 on, Claude refuses a last message of the model.
constexpr std::array<std::string_view, 11> kContinuing = {
    "claude-2",          "claude-3",         "claude-instant",      "claude-opus-4-0",
    "claude-opus-4-1",   "claude-opus-4-5",  "claude-opus-4-2025",  "claude-sonnet-4-0",
    "claude-sonnet-4-5", "claude-haiku-4-5", "claude-sonnet-4-2025"};

}  // namespace

bool continues_own_words(const Provider& provider, std::string_view model) {
  if (provider.name == "mistral") return true;
  return provider.name == "anthropic" &&
         std::any_of(kContinuing.begin(), kContinuing.end(),
                     [&](std::string_view beginning) { return model.starts_with(beginning); });
}

std::string_view without_trailing_space_json(std::string_view contents) {
  constexpr std::string_view kEscapedSpaces = "nrtf";
  for (;;) {
    const auto end = contents.size();
    if (end > 0 && contents[end - 1] == ' ') {
      contents.remove_suffix(1);
      continue;
    }
    if (end < 2 || contents[end - 2] != '\\' ||
        kEscapedSpaces.find(contents[end - 1]) == std::string_view::npos) {
      return contents;
    }
    // An even number of backslashes means escaped backslashes.
    const auto other = contents.substr(0, end - 1).find_last_not_of('\\');
    const auto slashes = end - 2 - (other == std::string_view::npos ? 0 : other + 1) + 1;
    if (slashes % 2 == 0) return contents;
    contents.remove_suffix(2);
  }
}

}  // namespace fabula::llm
