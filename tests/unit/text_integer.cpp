#include "shared/text/integer.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using namespace fabula;

TEST_CASE("whole numbers are written and read back, up to the edges of 64 bits") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{7}, std::int64_t{-1}, std::int64_t{1000000},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    CHECK(text::integer_text(value) == std::to_string(value));
    CHECK(text::parse_integer(std::to_string(value)) == value);
  }
  std::string largest;
  text::append_natural(largest, std::numeric_limits<std::uint64_t>::max());
  CHECK(largest == "18446744073709551615");
  CHECK(text::parse_natural(largest) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("what is no whole number, or too large, is nothing") {
  for (const char* other :
       {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999"}) {
    CAPTURE(other);
    CHECK_FALSE(text::parse_integer(other));
  }
  CHECK_FALSE(text::parse_natural("-1"));
  CHECK_FALSE(text::parse_natural("18446744073709551616"));
}
