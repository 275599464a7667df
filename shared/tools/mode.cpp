#include "shared/tools/mode.hpp"

#include <optional>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"
#include "shared/tools/operator_tool.hpp"

namespace fabula::tools {
namespace {

constexpr std::string_view kDefault = "default";

tl::unexpected<Problem> unusable_modes(std::string_view fault) {
  return problem(ErrorCode::internal_error, "The server is not configured correctly.",
                 std::string("FABULA_MODES: ").append(fault));
}

std::optional<std::vector<std::string>> texts_at(const json::Document& object,
                                                 std::string_view key) {
  std::vector<std::string> texts;
  const auto* list = json::find(object, key);
  if (!list || list->is_null()) return texts;
  if (!list->is_array()) return std::nullopt;
  for (const auto& item : *list) {
    const auto* text = item.get_ptr<const std::string*>();
    if (!text || text->empty()) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

// Bytes of other scripts count as parts of words: their letters and marks are not distinguished
// here.
bool is_word_byte(char c) {
  return text::is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool contains_word(std::string_view lower_text, std::string_view lower_word) {
  for (auto at = lower_text.find(lower_word); at != std::string_view::npos;
       at = lower_text.find(lower_word, at + 1)) {
    const auto end = at + lower_word.size();
    const bool begins = at == 0 || !is_word_byte(lower_text[at - 1]);
    const bool ends = end == lower_text.size() || !is_word_byte(lower_text[end]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

Result<std::vector<Mode>> parse_modes(std::string_view setting) {
  std::vector<Mode> modes;
  if (setting.empty()) return modes;
  const auto document = json::parse(setting);
  if (!document || !document->is_object()) return unusable_modes("it must be a JSON object");
  for (const auto& [name, value] : document->items()) {
    auto tools = texts_at(value, "tools");
    auto keywords = texts_at(value, "keywords");
    Mode mode{name, std::string(json::string_at(value, "prompt").value_or("")), {}, {}};
    if (!is_tool_name(name) || text::is_blank(mode.prompt) || !tools || !keywords) {
      return unusable_modes(
          "each mode has a name of letters, digits, underscores and hyphens, a prompt, and if it "
          "likes lists of texts, tools and keywords");
    }
    mode.tools = *std::move(tools);
    for (const auto& keyword : *keywords) mode.keywords.push_back(text::to_lower(keyword));
    modes.push_back(std::move(mode));
  }
  return modes;
}

const Mode* find_mode(const std::vector<Mode>& modes, std::string_view name) {
  for (const auto& mode : modes) {
    if (mode.name == name) return &mode;
  }
  return nullptr;
}

const Mode* choose_mode(const std::vector<Mode>& modes, std::string_view first_text) {
  const auto lower = text::to_lower(first_text);
  for (const auto& mode : modes) {
    for (const auto& keyword : mode.keywords) {
      if (contains_word(lower, keyword)) return &mode;
    }
  }
  return find_mode(modes, kDefault);
}

}  // namespace fabula::tools
