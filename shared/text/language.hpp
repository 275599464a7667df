// Which language a text is written in.
#pragma once

#include <string_view>

namespace fabula::text {

// The language's BCP 47 code, such as "en"; "" when the text is too short to tell it. It is told by
// the script, by small words and by letters that few languages have. Its beginning decides: what is
// long is often quoted. `text` must be valid UTF-8.
std::string_view language_of(std::string_view text);

}  // namespace fabula::text
