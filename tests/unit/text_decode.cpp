#include "shared/text/decode.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace fabula;
using namespace std::string_view_literals;

TEST_CASE("text is read in UTF-8 and in UTF-16") {
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

TEST_CASE("UTF-16 without a byte-order mark is known by its spaces and line ends") {
  const auto utf16 = [](std::u16string_view text, bool is_big_endian) {
    std::string bytes;
    for (const char16_t unit : text) {
      const char high = static_cast<char>(unit >> 8U);
      const char low = static_cast<char>(unit & 0xFFU);
      bytes.append({is_big_endian ? high : low, is_big_endian ? low : high});
    }
    return bytes;
  };
  struct Text {
    std::u16string_view utf16;
    std::string_view utf8;
  };
  for (const auto& [wide, text] :
       std::vector<Text>{{u"Mara keeps the key.\r\n", "Mara keeps the key.\r\n"},
                         {u"Мара хранит ключ.", "Мара хранит ключ."},
                         {u"第一章\n她走了。🐉", "第一章\n她走了。🐉"},
                         {u"彼女は帰った。\n", "彼女は帰った。\n"},
                         {u"그녀는 갔다.", "그녀는 갔다."},
                         {u"Der Schlüssel", "Der Schlüssel"},
                         {u"Où vas-tu ?", "Où vas-tu ?"},
                         {u"¿Quién va?", "¿Quién va?"}}) {
    CAPTURE(text);
    CHECK(text::decode_text(utf16(wide, false)) == text);
    CHECK(text::decode_text(utf16(wide, true)) == text);
  }
}

TEST_CASE("other bytes are no text") {
  for (const auto bytes :
       {"caf\xE9"sv, "a\0b"sv, "\x89PNG\r\n\x1A\n\0"sv, "\xFF\xFE\x61"sv, "\xFF\xFE\x3D\xD8"sv,
        "\xFF\xFE\x09\xDC"sv, "\xFF\xFE\0\0"sv, "\xFE\xFF\xD8\x3D\0\x61"sv, "\xFF\xD8\xFF\xE0"sv,
        "MZ\x90\0\3\0\0\0"sv, "a\0\1\0"sv, "\0\0\0\0"sv, "\x89PNG\r\n\x1A\n\0\0\0\rIHDR"sv,
        "caf\xE9 1850\n\n"sv, "GIF89a\1\0\1\0"sv, "a\0\0b"sv, "PK\3\4\x14\0\6\0"sv}) {
    CHECK_FALSE(text::decode_text(std::string(bytes)));
  }
}
