#include "shared/json/raw_object.hpp"

#include <doctest/doctest.h>

using namespace fabula;

TEST_CASE("members are read by name, as they stand or as what they are") {
  const auto object = json::RawObject::read(
      R"( {"text": "A \"fox\"", "list":[1, {"text":"no"}], "count": 41, "below":-3, "is":true,
           "none":null, "other":{}} )",
      {"none", "text", "list", "count", "below", "is", "missing"});
  REQUIRE(object);
  CHECK(object->string("text") == "A \"fox\"");
  CHECK(object->text("list") == R"([1, {"text":"no"}])");
  CHECK(object->natural("count") == 41);
  CHECK(object->integer("below") == -3);
  CHECK(object->is_true("is"));
  CHECK(object->is_null("none"));
  CHECK_FALSE(object->string("count"));
  CHECK_FALSE(object->natural("below"));
  CHECK_FALSE(object->natural("text"));
  CHECK_FALSE(object->string("missing"));
  CHECK(object->text("missing").empty());
  CHECK_FALSE(object->is_null("missing"));
}

TEST_CASE("the last of several members counts, and what is no object has none") {
  CHECK(json::RawObject::read(R"({"a":1,"a":2})", {"a"})->natural("a") == 2);
  for (const auto* text : {"", "null", "[]", "1", R"({"a":1)", R"({"a":})", R"({"a":1}})"}) {
    CAPTURE(text);
    CHECK_FALSE(json::RawObject::read(text, {"a"}));
  }
}
