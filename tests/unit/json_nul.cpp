// U+0000 in JSON.
#include <doctest/doctest.h>

#include "shared/json/nul.hpp"

using fabula::json::without_nul;

TEST_CASE("each U+0000 is replaced, and nothing that only looks like it") {
  CHECK(without_nul(R"({"a\u0000":"\u0000\u0000 b"})") == R"({"a\ufffd":"\ufffd\ufffd b"})");
  CHECK(without_nul(R"(["\\u0000"])") == R"(["\\u0000"])");
  CHECK(without_nul(R"(["\\\u0000","\\\\u0000"])") == R"(["\\\ufffd","\\\\u0000"])");
  CHECK(without_nul(R"(["a"])") == R"(["a"])");
}
