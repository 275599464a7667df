#include "shared/llm/answer/json_in_text.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "shared/json/scanner.hpp"

using namespace fabula;

namespace {

// The first result; "<none>", and ending in " (cut)" when it is truncated.
std::string first(std::string_view text, char bracket = '{') {
  const auto found = llm::JsonFinder(text, bracket).next();
  if (!found) return "<none>";
  return found->text + (found->is_truncated ? " (cut)" : "");
}

}  // namespace

TEST_CASE("JSON is found in prose and code fences") {
  CHECK(first(R"({"a":1})") == R"({"a":1})");
  CHECK(first("Here {it} is:\n```json\n{ \"a\": [1] }\n```\nEnjoy {that}!") == R"({ "a": [1] })");
  CHECK(first("\xEF\xBB\xBF{\"a\":\"}\"}") == R"({"a":"}"})");
  CHECK(first("{{\"a\":1}}") == R"({"a":1})");
  CHECK(first(R"(x [1] {"a":[2]})", '[') == "[1]");
  CHECK(first("no JSON at all") == "<none>");
  CHECK(first("") == "<none>");
}

TEST_CASE("several values come one after another") {
  llm::JsonFinder finder(R"({"a":{"b":1}} {"c":2} {"d":)", '{');
  CHECK(finder.next()->text == R"({"a":{"b":1}})");
  CHECK(finder.next()->text == R"({"c":2})");
  const auto last = finder.next();
  REQUIRE(last);
  CHECK(last->text == "{}");
  CHECK(last->is_truncated);
  CHECK_FALSE(finder.next());
}

TEST_CASE("what was cut off is completed with what was whole") {
  CHECK(first(R"({"a":1,"b":"x)") == R"({"a":1} (cut))");
  CHECK(first(R"({"a":1,"b":"x")") == R"({"a":1,"b":"x"} (cut))");
  CHECK(first(R"({"a":true,"b":12)") == R"({"a":true} (cut))");
  CHECK(first(R"({"a":true,"b":12 )") == R"({"a":true,"b":12} (cut))");
  CHECK(first(R"({"a":true,"b":fals)") == R"({"a":true} (cut))");
  CHECK(first(R"({"a":true,"b":"\ud83d\udc)") == R"({"a":true} (cut))");
  CHECK(first("{\"a\":true,\"b\":\"\xF0\x9F\x90") == R"({"a":true} (cut))");
  CHECK(first(R"({"a":true,"b)") == R"({"a":true} (cut))");
  CHECK(first("{") == "{} (cut)");
  CHECK(first(R"([{"a":1},{"b":2},)", '[') == R"([{"a":1},{"b":2}] (cut))");
  CHECK(first("[1,2,3", '[') == "[1,2] (cut)");
}

TEST_CASE("an item that is not whole is dropped with all of it, at the outermost list") {
  CHECK(first(R"({"title":"x","scenes":[{"n":1,"keys":["a","b"]},{"n":2,"keys":["a",)") ==
        R"({"title":"x","scenes":[{"n":1,"keys":["a","b"]}]} (cut))");
  CHECK(first(R"({"dossier":{"names":["a","b"],"places":["c","d)") ==
        R"({"dossier":{"names":["a","b"],"places":["c"]}} (cut))");
  CHECK(first(R"({"a":{"b":{"c":1,"d":2},"e)") == R"({"a":{"b":{"c":1,"d":2}}} (cut))");
}

TEST_CASE("what is wrong in the middle is not taken for cut off") {
  CHECK(first(R"({"a": 1, "b" "a longer text", "c": 3})") == "<none>");
  CHECK(first("{'a': 'single quotes are no JSON'}") == "<none>");
}

TEST_CASE("a cut anywhere leaves valid JSON") {
  constexpr std::string_view kWhole =
      R"({"a":[1,-2.5e3,[true,{"x":null}]],"b":{"c":"\u00e9\ud83d\udc09 \"q\"","d":[]},"e":false})";
  for (std::size_t bytes = 1; bytes < kWhole.size(); ++bytes) {
    const auto text = kWhole.substr(0, bytes);
    CAPTURE(text);
    const auto found = llm::JsonFinder(text, '{').next();
    REQUIRE(found);
    CHECK(found->is_truncated);
    CHECK(json::is_valid(found->text));
  }
}

TEST_CASE("text full of brackets takes no long time") {
  for (const std::string_view piece : {"{", "{\"a\":", "{}", "{\"a\":[", "{\"", "{\"a\":1,}"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    llm::JsonFinder finder(text, '{');
    const auto begin = std::chrono::steady_clock::now();
    while (finder.next()) {
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  }
}
