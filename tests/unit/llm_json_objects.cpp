#include "shared/llm/stream/json_objects.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/sse/decoder.hpp"

using namespace fabula;
using Objects = std::vector<std::string>;

namespace {

Objects objects_of(std::string_view json, std::size_t piece_bytes) {
  llm::JsonObjects objects;
  Objects all;
  while (!json.empty()) {
    const std::string piece(json.substr(0, piece_bytes));
    json.remove_prefix(piece.size());
    objects.feed(piece);
    std::string_view object;
    while (objects.next(object)) all.emplace_back(object);
  }
  CHECK_FALSE(objects.is_too_large());
  return all;
}

}  // namespace

TEST_CASE("objects are cut out of an array, or stand alone, however the pieces are cut") {
  const std::string first = R"({"a":[{"b":"}]\"{\\"}],"c":{}})";
  for (const auto& [json, expected] : {
           std::pair<std::string, Objects>{"[" + first + "\n,\r\n{}\n]", {first, "{}"}},
           {first + first, {first, first}},
           {" [ {} , 1, \"x\" ] ", {"{}"}},
           {"[" + first + ",{\"a\":", {first}},
           {"", {}},
           {"]]}}", {}},
       }) {
    CAPTURE(json);
    for (std::size_t bytes = 1; bytes <= json.size() + 1; ++bytes) {
      CHECK(objects_of(json, bytes) == expected);
    }
  }
}

TEST_CASE("an object longer than an event may be is the end") {
  llm::JsonObjects objects;
  std::string_view object;
  const std::string whole = "{" + std::string(sse::kMaximumEventBytes - 2, ' ') + "}";
  objects.feed(whole);
  REQUIRE(objects.next(object));
  CHECK(object == whole);
  const std::string longer = "{ " + whole.substr(1);
  objects.feed(longer);
  CHECK_FALSE(objects.next(object));
  CHECK(objects.is_too_large());
  objects.feed("}{}");
  CHECK_FALSE(objects.next(object));
}
