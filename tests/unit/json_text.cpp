#include "shared/json/text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

std::string as_json(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string written(std::int64_t value) {
  std::string out;
  json::append_integer(out, value);
  return out;
}

}  // namespace

TEST_CASE("a string is written between quotes with what JSON wants escaped") {
  CHECK(as_json("") == "\"\"");
  CHECK(as_json("say \"hi\" \\ / now") == R"("say \"hi\" \\ / now")");
  CHECK(as_json("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(as_json(std::string_view("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
  CHECK(as_json("Zoë – 物語 🐉") == "\"Zoë – 物語 🐉\"");
}

TEST_CASE("a string may be put together from several texts") {
  std::string out = "\"";
  json::append_string_contents(out, "a\"");
  json::append_string_contents(out, "");
  json::append_string_contents(out, "\nb");
  out += '"';
  CHECK(out == R"("a\"\nb")");
}

TEST_CASE("bytes that are not UTF-8 are written as replacement characters") {
  CHECK(as_json("a\x80"
                "b") == "\"a\uFFFDb\"");
  CHECK(as_json("\xF0\x9F\x90") == "\"\uFFFD\"");
  CHECK(as_json("\xED\xA0\xBD") == "\"\uFFFD\uFFFD\uFFFD\"");
  CHECK(as_json("\xC3\"") == "\"\uFFFD\\\"\"");
}

TEST_CASE("whatever is written, an independent parser reads the same text") {
  tests::Mutations mutations({"plain text of more than eight bytes", "Zoë – 物語 🐉 \"\\\n\t\x01",
                              std::string("\0\x1f\x7f\x80", 4)});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string text = mutations.next();
    const std::string out = as_json(text);
    CAPTURE(out);
    const auto document = nlohmann::json::parse(out, nullptr, false);
    REQUIRE(document.is_string());
    CHECK(out.find_first_of("\r\n") == std::string::npos);
    // That library's writer replaces the same ill-formed parts.
    const auto replaced =
        nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    CHECK(document.dump() == replaced);
  }
}

TEST_CASE("integers are written to their limits") {
  CHECK(written(0) == "0");
  CHECK(written(-7) == "-7");
  CHECK(written(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
}

TEST_CASE("the writer puts commas where they belong") {
  std::string out;
  json::Writer(out)
      .begin_object()
      .key("a")
      .integer(1)
      .key("b")
      .begin_array()
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .string("x")
      .boolean(true)
      .boolean(false)
      .null()
      .raw("[1,2]")
      .end_array()
      .key("c \"d\"")
      .string("e")
      .end_object();
  CHECK(out == R"({"a":1,"b":[{},[],"x",true,false,null,[1,2]],"c \"d\"":"e"})");
}
