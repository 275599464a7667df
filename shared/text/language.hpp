// Detects the language of a text.
#pragma once

#include <string_view>

namespace fabula::text {

// The language's BCP 47 code, such as "en"; "" when the text is too short to decide. The script,
// common small words and letters that few languages have decide. Only the beginning counts, because
// long texts often contain quotations. `text` must be valid UTF-8.
std::string_view language_of(std::string_view text);

}  // namespace fabula::text
