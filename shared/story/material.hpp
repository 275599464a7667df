// The material of a prompt: parts under headings, within a budget. What a part leaves of its share
// is there for the parts after it, so that the whole never passes the budget.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::story {

// The part of a text that is kept when it is too long.
enum class Keep : unsigned char { beginning, end };

// The beginning up to a whole sentence, or the end from a whole word on; at most so many bytes.
std::string_view cut_to(std::string_view text, std::size_t maximum_bytes, Keep keep);

// A text on one line, so that nothing in it looks like a heading.
std::string one_line(std::string_view text);

class Material {
 public:
  explicit Material(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // Room for the next part: its share of the budget, in percent, and what is left of the shares
  // before. All shares together are at most 100.
  std::size_t room(std::size_t percent);
  // Adds a part, unless it is empty or has no room. Cut to the room that was asked for last.
  void add(std::string_view heading, std::string_view text, Keep keep = Keep::beginning);
  // The same of lines: those that no longer fit are left out.
  void add_lines(std::string_view heading, const std::vector<std::string>& lines);

  std::string take() { return std::move(text_); }

 private:
  std::size_t budget_bytes_;
  std::size_t left_bytes_ = 0;  // of the shares given so far
  std::string text_;
};

}  // namespace fabula::story
