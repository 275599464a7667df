#include "shared/text/utf8.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

std::string encoded(std::uint32_t code_point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto tail = [&](std::uint32_t value) { return byte(0x80U | (value & 0x3FU)); };
  if (code_point < 0x80) return {byte(code_point)};
  if (code_point < 0x800) return {byte(0xC0U | (code_point >> 6U)), tail(code_point)};
  if (code_point < 0x10000) {
    return {byte(0xE0U | (code_point >> 12U)), tail(code_point >> 6U), tail(code_point)};
  }
  return {byte(0xF0U | (code_point >> 18U)), tail(code_point >> 12U), tail(code_point >> 6U),
          tail(code_point)};
}

// Another way to the same result: decode leniently, then check whether encoding gives the same
// bytes.
bool is_valid_by_round_trip(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() - i < length) return false;
    constexpr std::array<std::uint32_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t code_point = lead & kLeadBits[length];
    for (std::size_t j = 1; j < length; ++j) {
      code_point = code_point << 6U | (static_cast<unsigned char>(text[i + j]) & 0x3FU);
    }
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (is_surrogate || code_point > 0x10FFFF) return false;
    if (encoded(code_point) != text.substr(i, length)) return false;
    i += length;
  }
  return true;
}

}  // namespace

TEST_CASE("every code point but the surrogates is valid UTF-8, alone and after ASCII") {
  int faults = 0;
  for (std::uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    const auto text = encoded(code_point);
    if (text::is_valid_utf8(text) == is_surrogate) ++faults;
    if (text::is_valid_utf8("eight by" + text + "tes") == is_surrogate) ++faults;
  }
  CHECK(faults == 0);
}

TEST_CASE("what RFC 3629 forbids is not valid UTF-8") {
  for (const std::string_view bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x80\xAF", "\xE0\x9F\xBF",
        "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
        "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    CAPTURE(bad.size());
    CHECK_FALSE(text::is_valid_utf8(bad));
    CHECK_FALSE(text::is_valid_utf8("0123456789" + std::string(bad)));
    CHECK_FALSE(text::is_valid_utf8(std::string(bad) + "0123456789"));
    CHECK_FALSE(text::is_valid_utf8("caf\u00E9" + std::string(bad) + "\u4E16"));
  }
}

TEST_CASE("validity agrees with decoding and encoding again, whatever the bytes") {
  tests::Mutations mutations({"plain text that is long enough for words of eight bytes",
                              "caf\u00E9 \u4E16\u754C \U0001F600", "\xED\x9F\xBF\xEE\x80\x80",
                              "\xF4\x8F\xBF\xBF", std::string(9, '\0')});
  int valid = 0;
  for (int round = 0; round < 5 * tests::kMutationRounds; ++round) {
    const auto text = mutations.next();
    const bool is_valid = text::is_valid_utf8(text);
    REQUIRE(is_valid == is_valid_by_round_trip(text));
    valid += is_valid ? 1 : 0;
  }
  CHECK(valid > tests::kMutationRounds);
  CHECK(valid < 5 * tests::kMutationRounds);
}

TEST_CASE("a prefix in bytes never ends inside a character") {
  const std::string_view text = "a\u00E9\u4E16\U0001F600";  // 1, 2, 3 and 4 bytes
  constexpr std::array<std::size_t, 12> kExpected = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t limit = 0; limit < kExpected.size(); ++limit) {
    CAPTURE(limit);
    CHECK(text::prefix_bytes(text, limit).size() == kExpected[limit]);
  }
  CHECK(text::prefix_bytes("", 3).empty());
}

TEST_CASE("code points are counted and kept whole") {
  const std::string_view text = "a\u00E9\u4E16\U0001F600";
  CHECK(text::count_code_points(text) == 4);
  CHECK(text::count_code_points("") == 0);
  CHECK(text::prefix_code_points(text, 0).empty());
  CHECK(text::prefix_code_points(text, 1) == "a");
  CHECK(text::prefix_code_points(text, 3) == "a\u00E9\u4E16");
  CHECK(text::prefix_code_points(text, 4) == text);
  CHECK(text::prefix_code_points(text, 99) == text);
}
