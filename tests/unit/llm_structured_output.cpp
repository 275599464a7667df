#include "shared/llm/answer/structured_output.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/llm/answer/schema_check.hpp"
#include "tests/unit/request_bodies.hpp"

using namespace fabula;
using tests::parsed;

namespace {

constexpr std::string_view kBook = R"({"type":"object","properties":{
  "title":{"type":"string"},
  "pages":{"type":["integer","null"]},
  "genre":{"type":"string","enum":["fantasy","crime"]},
  "characters":{"type":"array","items":{"type":"object","properties":{
    "name":{"type":"string"},"age":{"type":"number"}},"required":["name"]}}},
  "required":["title","characters"],"additionalProperties":false})";

std::string faults(std::string_view document) {
  std::string all;
  for (const auto& error : llm::check_schema(parsed(document), parsed(kBook))) {
    all += error.path + " " + error.message + "; ";
  }
  return all;
}

Problem problem_of(std::string_view reply) {
  const auto output = llm::read_structured_output(reply, kBook);
  REQUIRE_FALSE(output);
  CHECK(output.error().code == ErrorCode::provider_malformed);
  return output.error();
}

}  // namespace

TEST_CASE("a document that follows the schema has no faults") {
  CHECK(faults(R"({"title":"x","characters":[]})").empty());
  CHECK(faults(R"({"title":"x","characters":[{"name":"a","age":1.5}],"pages":null,
    "genre":"crime","unknown":[1]})")
            .empty());
  CHECK(faults(R"({"title":"x","characters":[],"pages":3.0})").empty());
}

TEST_CASE("faults are named by path and by what is wanted, not by what was there") {
  CHECK(faults("[]") == " must be of type \"object\"; ");
  CHECK(faults(R"({"characters":[{"name":"a"},{"age":"secret"}]})") ==
        "title is missing; characters[1].name is missing; "
        "characters[1].age must be of type \"number\"; ");
  CHECK(faults(R"({"title":"x","characters":{},"pages":1.5,"genre":"secret"})") ==
        "characters must be of type \"array\"; genre must be one of [\"fantasy\",\"crime\"]; "
        "pages must be of type [\"integer\",\"null\"]; ");
}

TEST_CASE("only the first faults are told") {
  std::string document = R"({"title":"x","characters":[)";
  for (int i = 0; i < 100; ++i) document += "1,";
  document += "1]}";
  CHECK(llm::check_schema(parsed(document), parsed(kBook)).size() == 8);
}

TEST_CASE("the document is read from a reply") {
  const auto output = llm::read_structured_output(
      "<think>Maybe {\"title\":\"no\",\"characters\":[]}?</think>Here you are:\n```json\n"
      "{\"title\":\"x\",\"characters\":[{\"name\":\"\\ud83d!\"}]}\n```",
      kBook);
  REQUIRE(output);
  CHECK_FALSE(output->is_truncated);
  CHECK(output->document == parsed("{\"title\":\"x\",\"characters\":[{\"name\":\"\uFFFD!\"}]}"));
}

TEST_CASE("the first value that follows the schema is the one") {
  const auto output = llm::read_structured_output(
      R"(The form is {"title":1}. So: {"title":"x","characters":[]} or {"title":"y","characters":[]})",
      kBook);
  REQUIRE(output);
  CHECK(json::string_at(output->document, "title") == "x");
}

TEST_CASE("a reply that the token limit ended keeps its whole items") {
  const auto output = llm::read_structured_output(
      R"({"title":"x","characters":[{"name":"a","age":3},{"name":"b","ag)", kBook);
  REQUIRE(output);
  CHECK(output->is_truncated);
  CHECK(output->document == parsed(R"({"title":"x","characters":[{"name":"a","age":3}]})"));
  CHECK(problem_of(R"({"title":"x","char)").errors[0].path == "characters");
}

TEST_CASE("of a reply that was cut off, what had not come yet is not missed; an item is whole") {
  const auto schema = R"({"type":"object","required":["people","places"],"properties":{
      "people":{"type":"array","items":{"type":"object","required":["name"],
        "properties":{"name":{"type":"string"}}}},"places":{"type":"array"}}})";
  const auto output = llm::read_structured_output(R"({"people":[{"name":"Mara"},{"na)", schema);
  REQUIRE(output);
  CHECK(output->is_truncated);
  CHECK(json::dump(output->document) == R"({"people":[{"name":"Mara"}]})");
  // Without one complete item the result is useless, and items must have their required members.
  CHECK_FALSE(llm::read_structured_output(R"({"people":[{"na)", schema));
  CHECK_FALSE(llm::read_structured_output(R"({"people":[{"age":3},{"na)", schema));
  CHECK_FALSE(llm::read_structured_output(R"({"people":[{"name":"Mara"}]})", schema));
}

TEST_CASE("lists may be asked for") {
  constexpr std::string_view kList = R"({"type":"array","items":{"type":"string"}})";
  const auto output = llm::read_structured_output(R"(Well: ["a","b"])", kList);
  REQUIRE(output);
  CHECK(output->document == parsed(R"(["a","b"])"));
  const auto none = llm::read_structured_output(R"({"a":1})", kList);
  REQUIRE_FALSE(none);
  CHECK(none.error().cause == "The answer holds no JSON array.");
}

TEST_CASE("what was wrong is told to the model for another try") {
  CHECK(llm::correction_request(problem_of(R"({"characters":[{}]})")) ==
        "That was not in the form that was asked for.\n"
        "- title is missing.\n"
        "- characters[0].name is missing.\n"
        "Answer again with the whole JSON value and nothing else.");
  CHECK(problem_of("I cannot do that.").cause == "The answer holds no JSON object.");
}
