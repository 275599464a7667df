#include "shared/api/envelope.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;

TEST_CASE("the body is passed on as it is, and a list tells its totals") {
  const auto response = api::response_of_envelope(
      R"({"body": [{"a":1.50}], "total": 57, "content_range": "0-0/57"})", std::nullopt);
  REQUIRE(response);
  CHECK(response->head.status == 200);
  CHECK(response->body == R"([{"a":1.50}])");
  CHECK(response->head.headers.find("content-type") == "application/json");
  CHECK(response->head.headers.find("x-total-count") == "57");
  CHECK(response->head.headers.find("content-range") == "0-0/57");
  CHECK(response->head.headers.find("cache-control") == "no-store");
  CHECK(response->head.headers.find("vary") == "Authorization");
  CHECK_FALSE(response->head.headers.find("etag"));
}

TEST_CASE("a version becomes an ETag, and who has it already gets no body") {
  const std::string envelope = R"({"body":{},"status":201,"etag":"41","total":null})";
  const auto whole = api::response_of_envelope(envelope, "\"40\"");
  REQUIRE(whole);
  CHECK(whole->head.status == 201);
  CHECK(whole->head.headers.find("etag") == "\"41\"");
  CHECK(whole->head.headers.find("cache-control") == "private, no-cache");
  CHECK_FALSE(whole->head.headers.find("x-total-count"));
  for (const char* header : {"\"41\"", "W/\"41\"", "\"1\", \"41\"", "*"}) {
    CAPTURE(header);
    const auto known = api::response_of_envelope(envelope, header);
    REQUIRE(known);
    CHECK(known->head.status == 304);
    CHECK(known->head.headers.find("etag") == "\"41\"");
    CHECK(known->body.empty());
  }
}

TEST_CASE("a repeated request is told that it did nothing") {
  const auto repeated =
      api::response_of_envelope(R"({"body":{},"status":201,"is_replayed":true})", std::nullopt);
  REQUIRE(repeated);
  CHECK(repeated->head.status == 201);
  CHECK(repeated->head.headers.find("idempotent-replayed") == "true");
  const auto first = api::response_of_envelope(R"({"body":{},"status":201})", std::nullopt);
  REQUIRE(first);
  CHECK_FALSE(first->head.headers.find("idempotent-replayed"));
}

TEST_CASE("anything but an envelope is a fault of ours") {
  for (const char* answer : {"", "[]", "{}", "null", R"({"body":})"}) {
    CAPTURE(answer);
    const auto response = api::response_of_envelope(answer, std::nullopt);
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::internal_error);
  }
}

TEST_CASE("a change is made on one version or on any") {
  CHECK(api::single_etag("\"41\"") == "41");
  CHECK(api::single_etag("W/\"41\"") == "41");
  CHECK(api::single_etag(" * ") == "");
  for (const char* header : {"", "41", "\"\"", "\"1\", \"2\"", "\"", "\"a b\"", "\"\xE9\""}) {
    CAPTURE(header);
    CHECK_FALSE(api::single_etag(header));
  }
}
