#include "shared/llm/stream/partial_arguments.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/mutations.hpp"

using namespace fabula;
using llm::PartialArguments;

namespace {

bool add(PartialArguments& arguments, const std::string& path, json::Document value) {
  const char* const member = value.is_string()    ? "stringValue"
                             : value.is_number()  ? "numberValue"
                             : value.is_boolean() ? "boolValue"
                                                  : "nullValue";
  auto partial = json::Document::object_t();
  partial.insert_or_assign("jsonPath", path);
  partial.insert_or_assign(member, std::move(value));
  return arguments.add(partial);
}

// The arguments that one value at `path` makes; empty when the path is refused.
std::string placed(const std::string& path) {
  PartialArguments arguments;
  return add(arguments, path, 1) ? arguments.text() : "";
}

}  // namespace

TEST_CASE("paths name places in objects and lists") {
  CHECK(placed("$.a") == R"({"a":1})");
  CHECK(placed("$.recipe.steps[0]") == R"({"recipe":{"steps":[1]}})");
  CHECK(placed("$.a[0][1].b") == R"({"a":[[null,{"b":1}]]})");
  CHECK(placed("$['a']['b.c']") == R"({"a":{"b.c":1}})");
  CHECK(placed(R"($["it\"s"].x)") == R"({"it\"s":{"x":1}})");
  CHECK(placed(R"($['it\'s \u00fc'])") == "{\"it's ü\":1}");
  CHECK(placed("$['']") == R"({"":1})");
  CHECK(placed("$.a b-c*") == R"({"a b-c*":1})");
  CHECK(placed("$['\xC3']") == "{\"\uFFFD\":1}");
}

TEST_CASE("what is no path to one place is refused") {
  for (const auto* const path : {"",
                                 "$",
                                 "$.",
                                 "$..a",
                                 "a",
                                 ".a",
                                 "$a",
                                 "$.a.",
                                 "$.a..b",
                                 "$[",
                                 "$[]",
                                 "$[0]",
                                 "$.a[",
                                 "$.a[]",
                                 "$.a[x]",
                                 "$.a[-1]",
                                 "$.a[1",
                                 "$.a[1x]",
                                 "$.a[1]b",
                                 "$['a",
                                 "$['a'",
                                 "$['a'x]",
                                 "$['a\\",
                                 "$['a\\'",
                                 "$.a[0:2]",
                                 "$.a[99999999999999999999]",
                                 "$.a[18446744073709551615]"}) {
    CAPTURE(path);
    CHECK(placed(path) == "");
  }
}

TEST_CASE("values come in any order, texts grow, and others replace") {
  PartialArguments arguments;
  CHECK(arguments.text() == "{}");
  CHECK(add(arguments, "$.user.name", "A"));
  CHECK(add(arguments, "$.tags[1]", "y"));
  CHECK(add(arguments, "$.user.age", 1));
  CHECK(add(arguments, "$.tags[0]", "x"));
  CHECK(add(arguments, "$.user.name", "da"));
  CHECK(add(arguments, "$.user.age", -2.5));
  CHECK(add(arguments, "$.dark", false));
  CHECK(add(arguments, "$.none", nullptr));
  CHECK(arguments.text() ==
        R"({"dark":false,"none":null,"tags":["x","y"],"user":{"age":-2.5,"name":"Ada"}})");
  CHECK(add(arguments, "$.tags.first", "z"));
  CHECK(add(arguments, "$.user", "none"));
  CHECK(add(arguments, "$.dark[0]", true));
  CHECK(arguments.text() == R"({"dark":[true],"none":null,"tags":{"first":"z"},"user":"none"})");
}

TEST_CASE("a piece without a value says nothing") {
  PartialArguments arguments;
  CHECK(add(arguments, "$.a", "x"));
  for (const auto* const partial :
       {R"({"jsonPath":"$.a"})", "{}", "7", "null", R"({"jsonPath":"$.a","numberValue":"NaN"})",
        R"({"jsonPath":"$.a","boolValue":{}})"}) {
    CHECK(arguments.add(json::parse(partial).value_or(json::Document())));
  }
  CHECK(arguments.text() == R"({"a":"x"})");
}

TEST_CASE("arguments are bounded in depth, number and size") {
  std::string path = "$";
  for (int depth = 0; depth < 63; ++depth) path += ".a";
  CHECK(json::parse(placed(path)).has_value());
  CHECK(placed(path + ".a") == "");

  PartialArguments many;
  CHECK(add(many, "$.a[8000]", 1));
  CHECK(add(many, "$.b[8000]", 1));
  CHECK_FALSE(add(many, "$.c[8000]", 1));

  PartialArguments large;
  const std::string text(400'000, 'x');
  CHECK(add(large, "$.a", text));
  CHECK(add(large, "$.a", text));
  CHECK_FALSE(add(large, "$.b", text));
  large.assign(json::Document::object_t());
  CHECK(add(large, "$.b", text));
}

TEST_CASE("any path is survived, and what is placed is valid JSON") {
  tests::Mutations mutations({"$.recipe.ingredients[0].amount", R"($["a\"\u00fc"]['b'][3].c)"});
  PartialArguments arguments;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto path = mutations.next();
    CAPTURE(path);
    const auto alone = placed(path);
    if (!alone.empty()) CHECK(json::parse(alone).has_value());
    if (round % 100 == 0) arguments.assign(json::Document::object_t());
    add(arguments, path, std::string("x"));
    if (round % 100 == 99) CHECK(json::parse(arguments.text()).has_value());
  }
}
