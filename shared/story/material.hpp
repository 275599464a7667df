// The material of a prompt: parts under headings, within a budget. The unused share of a part is
// available to the parts after it, so that the whole never exceeds the budget.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::story {

// The part of a text that is kept when it is too long.
enum class Keep : unsigned char { beginning, end };

// The beginning up to a whole sentence, or the end from a whole word on; at most `maximum_bytes`.
std::string_view cut_to(std::string_view text, std::size_t maximum_bytes, Keep keep);

// A text on one line, so that nothing in it looks like a heading.
std::string one_line(std::string_view text);

class Material {
 public:
  explicit Material(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // The room for the next part: its share of the budget, in percent, plus the unused rest of the
  // shares before. All shares together are at most 100.
  std::size_t room(std::size_t percent);
  // Adds a part, unless it is empty or has no room. It is cut to the last value of room().
  void add(std::string_view heading, std::string_view text, Keep keep = Keep::beginning);
  // Adds lines in the same way: those that no longer fit are left out.
  void add_lines(std::string_view heading, const std::vector<std::string>& lines);

  std::string take() { return std::move(text_); }

 private:
  std::size_t budget_bytes_;
  std::size_t left_bytes_ = 0;  // of the shares given so far
  std::string text_;
};

}  // namespace fabula::story
