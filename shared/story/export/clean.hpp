// Cleans stored text for every format.
#pragma once

#include <string>
#include <string_view>

namespace fabula::story {

// Valid UTF-8 with only characters that XML 1.0 and HTML allow: control characters and
// noncharacters are dropped, a lone surrogate or a broken byte becomes U+FFFD, a tab becomes a
// space. Lines end with "\n".
std::string clean_text(std::string_view text);

// The same on one line, without white space at its ends or repeated white space.
std::string clean_line(std::string_view text);

}  // namespace fabula::story
