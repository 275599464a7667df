// Whether a text has visible content.
#pragma once

#include <cstddef>
#include <string_view>

namespace fabula::text {

// True when valid UTF-8 contains only white space (Unicode's White_Space) and characters that are
// invisible by definition (zero-width spaces and joiners, byte-order marks).
bool is_blank(std::string_view utf8);

// How many bytes of such characters a text begins with.
std::size_t leading_blank_bytes(std::string_view utf8);

}  // namespace fabula::text
