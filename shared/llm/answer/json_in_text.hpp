// Finds JSON in what a model wrote around it (prose, code fences), and completes what was cut off
// by the token limit.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fabula::llm {

struct FoundJson {
  std::string text;  // one valid JSON value, except for halves of surrogate pairs
  // The text ended inside of the value. What was whole of it is kept: of the outermost array its
  // whole elements, of the objects around that their whole members.
  bool is_truncated = false;
};

// Gives the values that begin with a bracket, in order, those inside of others left out. Takes time
// in proportion to the text, whatever it holds.
class JsonFinder {
 public:
  // `bracket` is { or [. The text must outlive this.
  JsonFinder(std::string_view text, char bracket) : rest_(text), bracket_(bracket) {}

  std::optional<FoundJson> next();

 private:
  std::string_view rest_;
  char bracket_;
};

}  // namespace fabula::llm
