// Whole numbers in decimal digits. The library's to_chars and from_chars are instantiated for each
// type, with tables; these exist once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fabula::text {

// Parses all of `digits`, one or more of 0 to 9; nothing when it is anything else or too large.
std::optional<std::uint64_t> parse_natural(std::string_view digits);

// The same with an optional minus sign in front.
std::optional<std::int64_t> parse_integer(std::string_view text);

void append_natural(std::string& out, std::uint64_t value);
void append_integer(std::string& out, std::int64_t value);

// "41", for messages.
std::string integer_text(std::int64_t value);

}  // namespace fabula::text
