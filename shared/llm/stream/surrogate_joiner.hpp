// Rejoins characters that a provider has split: JSON can escape the halves of a character above
// U+FFFF separately, and some providers send them in two chunks.
#pragma once

#include <string>
#include <string_view>

namespace fabula::llm {

class SurrogateJoiner {
 public:
  // `wtf8`: UTF-8, except for lone surrogates written as three bytes each. Returns valid UTF-8: a
  // first half at the end is kept for the next call, other lone ones become U+FFFD. The view is
  // valid until the next call, and as long as `wtf8`. `has_lone_surrogates` saves the search for
  // them.
  std::string_view join(std::string_view wtf8, bool has_lone_surrogates);

 private:
  std::string first_half_;  // empty or three bytes
  std::string joined_;
};

}  // namespace fabula::llm
