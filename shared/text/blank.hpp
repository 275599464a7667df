// Whether a text says anything.
#pragma once

#include <string_view>

namespace fabula::text {

// True when valid UTF-8 holds nothing but white space (Unicode's White_Space) and characters that
// are invisible by definition (zero-width spaces and joiners, byte-order marks).
bool is_blank(std::string_view utf8);

}  // namespace fabula::text
