#include "shared/json/document.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

ErrorCode code_of(std::string_view text) {
  const auto document = json::parse(text);
  REQUIRE_FALSE(document);
  return document.error().code;
}

}  // namespace

TEST_CASE("a JSON text is read and written again compactly") {
  const auto document = json::parse(" { \"b\" : [1, -2, true, null, \"\\u00e9\\n\"] , \"a\":{} } ");
  REQUIRE(document);
  CHECK(json::dump(*document) == R"({"a":{},"b":[1,-2,true,null,"é\n"]})");
}

TEST_CASE("what is no JSON text is malformed") {
  for (const std::string_view bad : {"", " ", "{", "{\"a\":}", "[1,]", "nul", "1 2", "{'a':1}",
                                     "\"\\ud800\"", "\"\t\"", "1e999", "01", "[1}", "]", "\"a"}) {
    CAPTURE(bad);
    CHECK(code_of(bad) == ErrorCode::malformed_json);
  }
}

TEST_CASE("bytes that are not UTF-8 are told apart from bad JSON") {
  CHECK(code_of("\"\xC3(\"") == ErrorCode::invalid_utf8);
  CHECK(code_of("\xFF") == ErrorCode::invalid_utf8);
}

TEST_CASE("nesting is taken to the limit and refused beyond it, however deep") {
  CHECK(json::parse(nested(json::kMaximumDepth)));
  CHECK(code_of(nested(json::kMaximumDepth + 1)) == ErrorCode::json_too_deep);
  CHECK(code_of(nested(1'000'000)) == ErrorCode::json_too_deep);
  CHECK(code_of(std::string(10'000, '[')) == ErrorCode::json_too_deep);
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += "{\"a\":";
  CHECK(code_of(objects) == ErrorCode::json_too_deep);
}

TEST_CASE("brackets in texts are no nesting, and many siblings are no depth") {
  CHECK(json::parse('"' + std::string(1000, '[') + '"'));
  CHECK(json::parse("\"\\\"" + std::string(1000, '{') + "\\\\\""));
  std::string siblings = "[";
  for (int i = 0; i < 1000; ++i) siblings += "[[]],";
  CHECK(json::parse(siblings + "[]]"));
}

TEST_CASE("members are found only in objects") {
  const auto document = json::parse(R"({"text":"t","number":3,"flag":false,"nothing":null})");
  REQUIRE(document);
  CHECK(json::find(*document, "nothing") != nullptr);
  CHECK(json::find(*document, "missing") == nullptr);
  for (const std::string_view other : {"[1]", "\"text\"", "3", "null", "true"}) {
    CHECK(json::find(*json::parse(other), "text") == nullptr);
    CHECK_FALSE(json::string_at(*json::parse(other), "text"));
  }
}

TEST_CASE("typed access gives nothing for another type, and never ends the process") {
  const auto document = json::parse(R"({"text":"t","number":3,"flag":false,"nothing":null})");
  REQUIRE(document);
  CHECK(json::string_at(*document, "text") == "t");
  CHECK(json::integer_at(*document, "number") == 3);
  CHECK(json::boolean_at(*document, "flag") == false);
  for (const std::string_view name : {"text", "number", "flag", "nothing", "missing"}) {
    CHECK(json::string_at(*document, name).has_value() == (name == "text"));
    CHECK(json::integer_at(*document, name).has_value() == (name == "number"));
    CHECK(json::boolean_at(*document, name).has_value() == (name == "flag"));
  }
}

TEST_CASE("hundredths of numbers are rounded") {
  const auto hundredths = [](std::string_view text) {
    return json::hundredths_at(*json::parse("{\"n\":" + std::string(text) + "}"), "n");
  };
  for (const auto& [text, value] :
       {std::pair{"0", 0}, {"0.7", 70}, {"0.333", 33}, {"1.999", 200}, {"2", 200}, {"-0.5", -50}}) {
    CAPTURE(text);
    CHECK(hundredths(text) == value);
  }
  for (const std::string_view other : {"null", "\"1\"", "1e9", "-1e300", "18446744073709551615"}) {
    CAPTURE(other);
    CHECK_FALSE(hundredths(other));
  }
}

TEST_CASE("integers are given in the whole range of 64 bits with a sign, others are not") {
  const auto integer = [](std::string_view text) {
    return json::integer_at(*json::parse("{\"n\":" + std::string(text) + "}"), "n");
  };
  CHECK(integer("9223372036854775807") == INT64_MAX);
  CHECK(integer("-9223372036854775808") == INT64_MIN);
  CHECK(integer("-0") == 0);
  for (const std::string_view other :
       {"9223372036854775808", "18446744073709551616", "1.0", "1e2", "-9223372036854775809"}) {
    CAPTURE(other);
    CHECK_FALSE(integer(other));
  }
}

TEST_CASE("a document with bad UTF-8 or no number is still written") {
  auto document = json::Document::object();
  document["text"] = "a\xFF";
  CHECK(json::dump(document) == "{\"text\":\"a\uFFFD\"}");
}

TEST_CASE("texts are read as nlohmann's own parser reads them") {
  tests::Mutations mutations({R"({"a":[1,-2.5e-3,true,false,null,{"b":"caf\u00e9 \ud83d\ude00"}]})",
                              R"("\"\\\/\b\f\n\r\t")", "[[[[]]],{},{\"a\":1,\"a\":2}]",
                              "[18446744073709551615,-9223372036854775808,0.1,-0,1E2]"});
  int read = 0;
  for (int round = 0; round < 3 * tests::kMutationRounds; ++round) {
    const auto text = mutations.next();
    const auto expected = nlohmann::json::parse(text, nullptr, false);
    const auto document = json::parse(text);
    CAPTURE(text);
    if (document) {
      ++read;
      REQUIRE(*document == expected);
      REQUIRE(document->type() == expected.type());
    } else if (!expected.is_discarded()) {
      // Stricter than nlohmann's, which reads over a byte order mark and ends at a NUL.
      REQUIRE((text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string::npos));
    }
  }
  CHECK(read > 1000);
}

TEST_CASE("whatever is read can be written and read to the same value") {
  tests::Mutations mutations(
      {R"({"a":[1,2.5,-3e4,true,false,null,{"b":"caf\u00e9 \ud83d\ude00"}]})",
       R"("\"\\\/\b\f\n\r\t")", "[[[[]]],{}]", "18446744073709551615"});
  int read = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto document = json::parse(mutations.next());
    if (!document) continue;
    ++read;
    const auto again = json::parse(json::dump(*document));
    REQUIRE(again);
    REQUIRE(*again == *document);
  }
  CHECK(read > 1000);
}
