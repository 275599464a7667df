// Stored text made fit for every format.
#pragma once

#include <string>
#include <string_view>

namespace fabula::story {

// Valid UTF-8 in which each character is allowed in XML 1.0 and HTML: control characters and
// noncharacters are dropped, half a surrogate pair or a broken byte is U+FFFD, a tab is a space.
// Lines end with "\n", whatever they ended with.
std::string clean_text(std::string_view text);

// The same on one line, without white space at its ends or twice in a row.
std::string clean_line(std::string_view text);

}  // namespace fabula::story
