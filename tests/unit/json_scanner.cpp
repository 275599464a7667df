#include "shared/json/scanner.hpp"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

static_assert(json::kMaximumNesting == json::kMaximumDepth);

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// The oracle, in its strict default mode.
nlohmann::json parse(std::string_view text) {
  return nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
}

// The same document, made through the scanner alone.
nlohmann::json read(json::Scanner& scanner) {
  json::StringSpan string;
  switch (scanner.peek()) {
    case json::Kind::object: {
      auto object = nlohmann::json::object();
      if (!scanner.enter_object()) return nullptr;
      while (scanner.next_member(string)) {
        std::string key;
        json::append_unescaped(key, string);
        object[key] = read(scanner);
      }
      return object;
    }
    case json::Kind::array: {
      auto array = nlohmann::json::array();
      if (!scanner.enter_array()) return nullptr;
      while (scanner.next_element()) array.push_back(read(scanner));
      return array;
    }
    case json::Kind::string: {
      std::string text;
      if (scanner.read_string(string)) json::append_unescaped(text, string);
      return text;
    }
    case json::Kind::number: {
      std::string_view literal;
      if (!scanner.read_number(literal)) return nullptr;
      return parse(literal);
    }
    default: {
      const auto literal = scanner.skip_value();
      if (literal == "null" || literal.empty()) return nullptr;
      return literal == "true";
    }
  }
}

std::string_view member(std::string_view text, std::string_view key) {
  std::array<json::RawMember, 1> members = {json::RawMember{.key = key}};
  REQUIRE(json::find_raw_members(text, members));
  return members[0].value;
}

}  // namespace

TEST_CASE("the scanner takes what JSON is and refuses what it is not") {
  for (const std::string_view good :
       {"{}", "[]", " [ 1 , -2.5e-3 , \"a\" , true , false , null ] ", "0", "-0", "1E+2", "0e999",
        "123456789012345678901234567890", "\"\\u00e9\\ud83d\\ude00\\/\"", "{\"\":[{}]}", "1e307",
        "0.0001e310", "1e-999999999999999999999"}) {
    CAPTURE(good);
    CHECK(json::is_valid(good));
    CHECK_FALSE(parse(good).is_discarded());
  }
  for (const std::string_view bad : {"",
                                     " ",
                                     "{",
                                     "}",
                                     "[",
                                     "]",
                                     "[1,]",
                                     "[,1]",
                                     "[1 2]",
                                     "{\"a\"}",
                                     "{\"a\":}",
                                     "{\"a\":1,}",
                                     "{a:1}",
                                     "{'a':1}",
                                     "nul",
                                     "nulll",
                                     "True",
                                     "01",
                                     "-",
                                     "+1",
                                     "1.",
                                     ".5",
                                     "1e",
                                     "1e+",
                                     "0x1",
                                     "NaN",
                                     "1 2",
                                     "[1]]",
                                     "[1}",
                                     "\"a",
                                     "\"\\x\"",
                                     "\"\\u12g4\"",
                                     "\"\\u123\"",
                                     "\"\\ud800\"",
                                     "\"\\udc00\"",
                                     "\"\\ud83d\\u0041\"",
                                     "\"\t\"",
                                     "\"\x80\"",
                                     "\"\xED\xA0\x80\"",
                                     "\"\\",
                                     "1e999",
                                     "1e308",
                                     "1000e306",
                                     "0.001e999",
                                     "\xEF\xBB\xBF{}",
                                     "/**/1"}) {
    CAPTURE(bad);
    CHECK_FALSE(json::is_valid(bad));
  }
  CHECK_FALSE(json::is_valid(std::string_view("{}\0x", 4)));
}

TEST_CASE("the scanner takes nesting to the limit, refuses it beyond, and needs no stack for it") {
  CHECK(json::is_valid(nested(json::kMaximumNesting)));
  CHECK_FALSE(json::is_valid(nested(json::kMaximumNesting + 1)));
  CHECK_FALSE(json::is_valid(nested(1'000'000)));
  std::string siblings = "[";
  for (int i = 0; i < 10'000; ++i) siblings += "[{\"a\":[]}],";
  CHECK(json::is_valid(siblings + "0]"));
}

TEST_CASE("the scanner says how far it came") {
  json::Scanner scanner(R"( {"a": 1} x)");
  CHECK(scanner.position() == 0);
  CHECK(scanner.skip_value() == R"({"a": 1})");
  CHECK(scanner.position() == 9);
  const auto fault_at = [](std::string_view text) {
    json::Scanner faulty(text);
    CHECK(faulty.skip_value().empty());
    CHECK_FALSE(faulty.finish());
    return faulty.position();
  };
  CHECK(fault_at("") == 0);
  CHECK(fault_at("[1,}") == 3);
  CHECK(fault_at("[1") == 2);
  CHECK(fault_at(R"(["a\x"])") == 5);
  CHECK(fault_at(R"(["a)") == 3);
  CHECK(fault_at("[tru]") == 1);
}

TEST_CASE("raw members are parts of the text, found by name wherever they stand") {
  const std::string_view text =
      R"( {"history" : [{"role":"user","content":"a}]"}] ,"n":-1.50, "\u0061":"x", "b":{"n":2}} )";
  CHECK(member(text, "history") == R"([{"role":"user","content":"a}]"}])");
  CHECK(member(text, "n") == "-1.50");
  CHECK(member(text, "a") == "\"x\"");
  CHECK(member(text, "b") == "{\"n\":2}");
  CHECK(member(text, "absent").empty());
  CHECK(member(R"({"a":1,"a":2})", "a") == "2");
  CHECK(member(text, "n").data() > text.data());
}

TEST_CASE("raw members are refused when any part of the object is bad") {
  std::array<json::RawMember, 1> members = {json::RawMember{.key = "a"}};
  for (const std::string_view bad :
       {"", "[]", "1", "{\"a\":1", "{\"a\":1}}", "{\"a\":1,\"b\":tru}"}) {
    CAPTURE(bad);
    CHECK_FALSE(json::find_raw_members(bad, members));
  }
}

TEST_CASE("a string value is unescaped, and only a string is one") {
  CHECK(json::string_value(R"("a\n\"\\\/\b\f\r\t\u00e9\u0000\ud83d\ude00")") ==
        std::string("a\n\"\\/\b\f\r\té\0😀", 16));
  CHECK(json::string_value(" \"x\" ") == "x");
  for (const std::string_view bad : {"", "1", "null", "\"a", "\"a\" 1", "\"\\ud800\""}) {
    CAPTURE(bad);
    CHECK_FALSE(json::string_value(bad));
  }
}

TEST_CASE("lone surrogates are read where they are allowed, and said to be there") {
  for (const std::string_view text : {"\"a\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\ud83d\\ude00\""}) {
    CAPTURE(text);
    json::Scanner scanner(text, json::LoneSurrogates::allowed);
    json::StringSpan string;
    CHECK(scanner.read_string(string));
    CHECK(scanner.finish());
    CHECK(string.has_lone_surrogates);
    CHECK_FALSE(json::parse(text));
    const auto document = json::parse(text, json::LoneSurrogates::allowed);
    REQUIRE(document);
    std::string wtf8;
    json::append_unescaped(wtf8, string);
    CHECK(*document == wtf8);
    CHECK(json::is_valid(json::dump(*document)));
    CHECK(json::is_valid(json::replace_lone_surrogates(text)));
  }
  CHECK(json::replace_lone_surrogates(R"("\ud83d\ude00 \\ud83d \ud83dx")") ==
        R"("\ud83d\ude00 \\ud83d \ufffdx")");
}

TEST_CASE("the scanner accepts nothing that the parser refuses, and reads the same document") {
  tests::Mutations mutations(
      {R"({"id":"c-1","choices":[{"index":0,"delta":{"content":"a\u00e9\ud83d\ude00"}}],"usage":null})",
       R"([1,-2.5e3,true,false,null,"x\n\"\\",{"a":{"b":[[]]}}])", R"({"a":1,"a":2,"":0.0e-5})",
       "[1e307,1E308,179769313486231570000e289, 0.00001e310]", "{\"k\":\"物語 🐉\"}",
       nested(json::kMaximumNesting)});
  int accepted = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string text = mutations.next();
    CAPTURE(text);
    const auto document = parse(text);
    if (!json::is_valid(text)) continue;
    ++accepted;
    REQUIRE_FALSE(document.is_discarded());
    json::Scanner scanner(text);
    CHECK(read(scanner) == document);
    CHECK(scanner.finish());
  }
  CHECK(accepted > tests::kMutationRounds / 10);
}

TEST_CASE("what the scanner refuses and the parser takes is only what its header names") {
  tests::Mutations mutations({R"({"a":[1,2.5,"x\u00e9",true,null]})", "[{},{\"b\":\"c\"}]"});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string text = mutations.next();
    CAPTURE(text);
    const bool has_nul = text.find('\0') != std::string::npos;
    const bool has_mark = text.substr(0, 3) == "\xEF\xBB\xBF";
    if (!parse(text).is_discarded() && !has_nul && !has_mark) CHECK(json::is_valid(text));
  }
}
