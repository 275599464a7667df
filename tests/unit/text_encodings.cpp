#include <doctest/doctest.h>

#include <string>

#include "shared/text/base64url.hpp"
#include "shared/text/hex.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

TEST_CASE("RFC 4648's examples in the URL-safe alphabet, without padding") {
  CHECK(text::encode_base64url("") == "");
  CHECK(text::encode_base64url("f") == "Zg");
  CHECK(text::encode_base64url("fo") == "Zm8");
  CHECK(text::encode_base64url("foo") == "Zm9v");
  CHECK(text::encode_base64url("foob") == "Zm9vYg");
  CHECK(text::encode_base64url("fooba") == "Zm9vYmE");
  CHECK(text::encode_base64url("foobar") == "Zm9vYmFy");
  CHECK(text::encode_base64url("\xFB\xEF\xFF") == "--__");
}

TEST_CASE("base64 has padding and an alphabet of its own") {
  CHECK(text::encode_base64("") == "");
  CHECK(text::encode_base64("f") == "Zg==");
  CHECK(text::encode_base64("fo") == "Zm8=");
  CHECK(text::encode_base64("foo") == "Zm9v");
  CHECK(text::encode_base64("\xFB\xEF\xFF") == "++//");
}

TEST_CASE("base64 of any bytes comes back, with padding or without it") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    auto text = text::encode_base64(bytes);
    CHECK(text::decode_base64(text) == bytes);
    while (text.ends_with('=')) text.pop_back();
    CHECK(text::decode_base64(text) == bytes);
    bytes += static_cast<char>(i * 37);
  }
  for (const std::string_view bad : {"Zg=", "Zg===", "Z===", "====", "Zm 9v", "--__", "Zh=="}) {
    CAPTURE(bad);
    CHECK_FALSE(text::decode_base64(bad));
  }
}

TEST_CASE("base64url of any bytes comes back as it was") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(text::decode_base64url(text::encode_base64url(bytes)) == bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST_CASE("base64url is refused with padding, blanks, other alphabets, odd lengths, unused bits") {
  for (const std::string_view bad : {"Zg==", "Zg=", "Zm9v ", " Zm9v", "Zm 9v", "Zm9v\n", "+_8A",
                                     "/w8A", "Z", "Zm9vY", "Zh", "Zm9", "Zm9vYmF=", "Zm9?v"}) {
    CAPTURE(bad);
    CHECK_FALSE(text::decode_base64url(bad));
  }
}

TEST_CASE("whatever base64url is read, writing it gives the same text") {
  tests::Mutations mutations({"Zm9vYmFy", "Zm9vYg", "--__", "AAAA"});
  int readable = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto text = mutations.next();
    const auto bytes = text::decode_base64url(text);
    if (!bytes) continue;
    ++readable;
    REQUIRE(text::encode_base64url(*bytes) == text);
  }
  CHECK(readable > 1000);
}

TEST_CASE("hexadecimal digits of either case are read and lower case is written") {
  CHECK(text::encode_hex(std::string_view("\x00\x1f\xAB\xFF", 4)) == "001fabff");
  CHECK(text::decode_hex("001FabfF") == std::string("\x00\x1f\xAB\xFF", 4));
  CHECK(text::decode_hex("") == "");
}

TEST_CASE("hexadecimal text is refused when a digit is missing or is none") {
  for (const std::string_view bad : {"0", "abc", "0g", "g0", " 0", "0x", "-1", "+1"}) {
    CAPTURE(bad);
    CHECK_FALSE(text::decode_hex(bad));
  }
}
