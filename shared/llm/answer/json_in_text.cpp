#include "shared/llm/answer/json_in_text.hpp"

#include <algorithm>

#include "shared/json/scanner.hpp"
#include "shared/json/unicode_escape.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::llm {
namespace {

// Reads a value that is cut off by the text's end, and remembers the last position where it was
// complete.
class Completion {
 public:
  explicit Completion(std::string_view text) : text_(text), scanner_(text, kSurrogates) {}

  std::string complete() && {
    container();
    std::string whole(text_.substr(0, whole_bytes_));
    whole.append(closing_.rbegin(), closing_.rend());
    return whole;
  }

  static constexpr auto kSurrogates = json::LoneSurrogates::allowed;

 private:
  // At this position, closing the open brackets would make the text valid.
  void note_whole() {
    const auto position = scanner_.position();
    // More digits might follow.
    if (position == text_.size() && text::is_digit(text_[position - 1])) return;
    whole_bytes_ = position;
    closing_ = open_;
  }

  // False when the text ended inside the container. No deeper than the scanner goes.
  bool container() {
    const bool is_object = scanner_.peek() == json::Kind::object;
    if (!(is_object ? scanner_.enter_object() : scanner_.enter_array())) return false;
    open_ += is_object ? '}' : ']';
    note_whole();
    json::StringSpan key;
    while (is_object ? scanner_.next_member(key) : scanner_.next_element()) {
      const auto kind = scanner_.peek();
      // An array's elements are items: an incomplete one is too unreliable to keep.
      const bool goes_in = is_object && (kind == json::Kind::object || kind == json::Kind::array);
      if (goes_in ? !container() : scanner_.skip_value().empty()) return false;
      note_whole();
    }
    open_.pop_back();
    return !scanner_.failed();
  }

  std::string_view text_;
  json::Scanner scanner_;
  std::string open_;     // the brackets that would close the open ones
  std::string closing_;  // the same at the last complete position
  std::size_t whole_bytes_ = 0;
};

}  // namespace

std::optional<FoundJson> JsonFinder::next() {
  while (true) {
    rest_.remove_prefix(std::min(rest_.find(bracket_), rest_.size()));
    if (rest_.empty()) return std::nullopt;
    json::Scanner scanner(rest_, Completion::kSurrogates);
    const auto value = scanner.skip_value();
    if (!value.empty()) {
      rest_.remove_prefix(value.size());
      return FoundJson{std::string(value), false};
    }
    // Only half an escape, or half a literal, may be a fault before the end of a text that was cut
    // off.
    const auto position = scanner.position();
    if (rest_.size() - position < json::kUnicodeEscapeBytes) {
      FoundJson found{Completion(rest_).complete(), true};
      rest_ = {};
      return found;
    }
    rest_.remove_prefix(std::max<std::size_t>(position, 1));
  }
}

}  // namespace fabula::llm
