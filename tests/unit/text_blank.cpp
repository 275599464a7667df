#include "shared/text/blank.hpp"

#include <doctest/doctest.h>

using namespace fabula;

TEST_CASE("a text's blanks are counted to its first sign") {
  CHECK(text::leading_blank_bytes("a b") == 0);
  CHECK(text::leading_blank_bytes(" \n\u00A0x ") == 4);
  CHECK(text::leading_blank_bytes("\u3000") == 3);
}

TEST_CASE("white space and what is invisible by definition say nothing") {
  for (const std::string_view blank :
       {"", " ", "\n\t\r\v\f ", "\u0085\u00A0\u1680\u2003\u3000", "\u200B\u200D\u2060\uFEFF"}) {
    CHECK(text::is_blank(blank));
  }
  for (const std::string_view text : {".", "\u00A0.", "物", " 🐉 ", "é", "\x01", "\u2010"}) {
    CHECK_FALSE(text::is_blank(text));
  }
}
