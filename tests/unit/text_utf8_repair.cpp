#include "shared/text/utf8_repair.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/utf8.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

std::string repaired(std::string_view bytes) {
  std::string out;
  text::append_repaired(out, bytes);
  return out;
}

}  // namespace

TEST_CASE("valid UTF-8 is left as it is") {
  for (const std::string_view good : {"", "ascii of more than eight bytes", "é", "物語", "🐉",
                                      "\xED\x9F\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(repaired(good) == good);
  }
}

TEST_CASE("each maximal part of an ill-formed sequence becomes one replacement character") {
  // The examples of the Unicode Standard, section 3.9, tables 3-8 to 3-11.
  CHECK(repaired("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") ==
        "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  CHECK(repaired("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") ==
        "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  CHECK(repaired("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") ==
        "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB");
  CHECK(repaired("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "\uFFFD\uFFFD\uFFFD\uFFFDA");
  CHECK(repaired("12345678\xE7\x89") == "12345678\uFFFD");
}

TEST_CASE("what was repaired is valid, and valid text is not changed") {
  tests::Mutations mutations({"Zoë – 物語 🐉 and plain words", "\xF0\x9F\x90\xE7\x89\xC3"});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string bytes = mutations.next();
    CAPTURE(bytes);
    const std::string text = repaired(bytes);
    CHECK(text::is_valid_utf8(text));
    CHECK((text == bytes) == text::is_valid_utf8(bytes));
  }
}
