#include "shared/story/length.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace fabula::story;

TEST_CASE("words are counted as readers do") {
  const auto words = [](std::string_view text) { return length(text, Unit::words); };
  CHECK(words("") == 0);
  CHECK(words("  \n\t ") == 0);
  CHECK(words("One two  three\nfour") == 4);
  CHECK(words("\"Don't,\" she said - well-known.") == 4);
  CHECK(words("She ran\xE2\x80\x94too late.") == 4);
  CHECK(words("No \xE2\x80\x94 break") == 2);
  CHECK(words("* * *\n\n## 12") == 1);
  CHECK(words("Привет, как дела? Хорошо\xE2\x80\xA6") == 4);
  CHECK(words("¿Cómo? ¡Sí!") == 2);
  CHECK(words("안녕하세요 나는 존이다") == 3);
  CHECK(words("a\xC2\xA0"
              "b\xE3\x80\x80"
              "c") == 3);
}

TEST_CASE("characters are counted without white space, punctuation and marks") {
  const auto characters = [](std::string_view text) { return length(text, Unit::characters); };
  CHECK(characters("") == 0);
  CHECK(characters("你好，世界！") == 4);
  CHECK(characters("「はい」と、彼は 言った。\n") == 8);
  CHECK(characters("コーヒー") == 4);
  CHECK(characters("第12章") == 4);
  CHECK(characters("น้ำ") == 2);
  CHECK(characters("――……😀") == 0);
}

TEST_CASE("a text is cut to its first words, whole") {
  CHECK(first_of("One two, three. Four", 3, Unit::words) == "One two, three.");
  CHECK(first_of("One \"two three\"", 1, Unit::words) == "One");
  CHECK(first_of("One \"two three\"", 9, Unit::words) == "One \"two three\"");
  CHECK(first_of("One two", 0, Unit::words) == "");
  CHECK(first_of("One two", -1, Unit::words) == "");
  CHECK(first_of("你好，世界！", 2, Unit::characters) == "你好，");
}

TEST_CASE("a text is cut to its last words, whole") {
  CHECK(last_of("One two. \"Three four.\"", 2, Unit::words) == "\"Three four.\"");
  CHECK(last_of("One two", 5, Unit::words) == "One two");
  CHECK(last_of("One two", 0, Unit::words) == "");
  CHECK(last_of("你好，世界！", 2, Unit::characters) == "世界！");
}

TEST_CASE("cuts are never longer than asked, and keep the text's beginning or end") {
  const std::string text =
      "\xFF"
      "A b\xE2\x80\x94"
      "c. \"D e,\" f\n\ng \xC3 hĳ 猫は寝る。 \xF0\x9F";
  for (const auto unit : {Unit::words, Unit::characters}) {
    const auto total = length(text, unit);
    for (std::int64_t count = 0; count <= total; ++count) {
      const auto first = first_of(text, count, unit);
      const auto last = last_of(text, count, unit);
      CHECK(length(first, unit) == count);
      CHECK(length(last, unit) == count);
      CHECK(text.starts_with(first));
      CHECK(text.ends_with(last));
    }
  }
}

TEST_CASE("the unit is the language's") {
  for (const char* tag : {"zh", "zh-Hant", "ja", "JA-jp", "th", "km"}) {
    CHECK(unit_of_language(tag) == Unit::characters);
  }
  for (const char* tag : {"en", "ko", "hi", "jam", ""}) CHECK(unit_of_language(tag) == Unit::words);
  CHECK(length_of_words(1'000, Unit::words) == 1'000);
  CHECK(length_of_words(1'000, Unit::characters) == 2'000);
  CHECK(unit_named(name(Unit::characters)) == Unit::characters);
  CHECK(unit_named(name(Unit::words)) == Unit::words);
  CHECK(!unit_named("pages"));
}
