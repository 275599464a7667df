// The double that a JSON number means. Our own, because the C library's strtod carries hexadecimal
// floats and 128-bit arithmetic into every module: a fifteenth of its size.
#pragma once

#include <string_view>

namespace fabula::json {

// The nearest double, ties to even; infinity beyond the largest. `literal` must be a number of
// RFC 8259, as Scanner::read_number gives it.
double parse_decimal(std::string_view literal);

}  // namespace fabula::json
