#include "shared/llm/request/history.hpp"

#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"

namespace fabula::llm {

bool History::next(HistoryMessage& message) {
  if (scanner_.failed() || !scanner_.next_element() || !scanner_.enter_object()) return false;
  message = {};
  json::StringSpan key;
  json::StringSpan value;
  bool has_content = false;
  while (scanner_.next_member(key)) {
    const bool is_role = key.contents == "role";
    const bool is_content = key.contents == "content";
    if (!is_role && !is_content) {
      scanner_.skip_value();
    } else if (scanner_.read_string(value)) {
      (is_role ? message.role : message.content) = value.contents;
      has_content |= is_content;
    }
  }
  if (scanner_.failed()) return false;
  if (has_content && !message.role.empty()) return true;
  is_incomplete_ = true;
  return false;
}

std::string last_message(std::string_view history_json) {
  History history(history_json);
  HistoryMessage last;
  HistoryMessage message;
  while (history.next(message)) last = message;
  std::string text;
  json::append_unescaped(text, {.contents = last.content, .has_escapes = true});
  return text;
}

bool is_blank_json(std::string_view contents) {
  // Nearly every text begins with a letter; longer white space than this is intentional.
  constexpr std::size_t kLongestBytes = 256;
  if (contents.size() > kLongestBytes) return false;
  if (!contents.empty() && text::is_alphanumeric(contents.front())) return false;
  std::string text;
  json::append_unescaped(text, {.contents = contents, .has_escapes = true});
  return text::is_blank(text);
}

}  // namespace fabula::llm
