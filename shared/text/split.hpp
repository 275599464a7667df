// Iterates over the parts of a text between separators, without copying them.
#pragma once

#include <optional>
#include <string_view>

namespace fabula::text {

// Gives "a", "", "b" for "a,,b", and one empty part for an empty text.
class Splitter {
 public:
  constexpr Splitter(std::string_view text, char separator) : rest_(text), separator_(separator) {}

  // The next part, or nothing after the last one.
  constexpr std::optional<std::string_view> next() {
    if (is_finished_) return std::nullopt;
    const auto end = rest_.find(separator_);
    const auto part = rest_.substr(0, end);
    if (end == std::string_view::npos) {
      is_finished_ = true;
    } else {
      rest_.remove_prefix(end + 1);
    }
    return part;
  }

 private:
  std::string_view rest_;
  char separator_;
  bool is_finished_ = false;
};

}  // namespace fabula::text
