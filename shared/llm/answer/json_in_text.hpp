// Finds JSON between the other parts of a model's text (prose, code fences), and completes JSON
// that the token limit has cut off.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fabula::llm {

struct FoundJson {
  std::string text;  // one valid JSON value, except for lone surrogates
  // The text ended inside the value. Its complete parts were kept: whole elements of the outermost
  // array, and whole members of the objects around it.
  bool is_truncated = false;
};

// Finds the values that begin with a bracket, in order, without those inside others. Takes time in
// proportion to the text, whatever it contains.
class JsonFinder {
 public:
  // `bracket` is { or [. The text must outlive this object.
  JsonFinder(std::string_view text, char bracket) : rest_(text), bracket_(bracket) {}

  std::optional<FoundJson> next();

 private:
  std::string_view rest_;
  char bracket_;
};

}  // namespace fabula::llm
