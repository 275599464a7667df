#include "shared/text/decode.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace fabula;
using namespace std::string_view_literals;

TEST_CASE("text is read in UTF-8 and, behind a byte-order mark, in UTF-16") {
  const auto decoded = [](std::string_view bytes) {
    return text::decode_text(std::string(bytes)).value_or("none");
  };
  CHECK(decoded("") == "");
  CHECK(decoded("Мара") == "Мара");
  CHECK(decoded("\xEF\xBB\xBFМара") == "Мара");
  CHECK(decoded("\xFF\xFE\x1C\x04\x30\x04"sv) == "Ма");
  CHECK(decoded("\xFE\xFF\x04\x1C\x04\x30"sv) == "Ма");
  CHECK(decoded("\xFF\xFE\x77\x6D\r\0\n\0"sv) == "海\r\n");
  CHECK(decoded("\xFF\xFE\x3D\xD8\x09\xDC"sv) == "🐉");
  CHECK(decoded("\xFF\xFE\xE9\0"sv) == "é");
}

TEST_CASE("other bytes are no text") {
  for (const auto bytes :
       {"caf\xE9"sv, "a\0b"sv, "\x89PNG\r\n\x1A\n\0"sv, "\xFF\xFE\x61"sv, "\xFF\xFE\x3D\xD8"sv,
        "\xFF\xFE\x09\xDC"sv, "\xFF\xFE\0\0"sv, "\xFE\xFF\xD8\x3D\0\x61"sv, "\xFF\xD8\xFF\xE0"sv}) {
    CHECK_FALSE(text::decode_text(std::string(bytes)));
  }
}
