#include "shared/http/media_type.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

TEST_CASE("a media type is read with its charset") {
  const auto type = http::parse_media_type("Application/JSON ; Charset=\"UTF-8\"; boundary=x;");
  REQUIRE(type);
  CHECK(type->type == "application/json");
  CHECK(type->charset == "utf-8");
  CHECK(http::parse_media_type("text/plain")->charset.empty());
  CHECK(http::parse_media_type("a/b;x=\"; charset=latin1\"")->charset.empty());
}

TEST_CASE("what is no media type is refused") {
  for (const std::string_view bad :
       {"", "json", "application/", "/json", "a/b/c", "a b/c", "application/json, text/plain",
        "a/b; charset", "a/b; =x", "a/b; charset=a b", "a/b; charset=\"x"}) {
    CAPTURE(bad);
    CHECK_FALSE(http::parse_media_type(bad));
  }
}

TEST_CASE("a body must be JSON in UTF-8 unless its type is not named") {
  for (const std::string_view good :
       {"application/json", "application/json;charset=utf-8", "APPLICATION/JSON; charset=UTF-8",
        "application/json; profile=\"x\""}) {
    CAPTURE(good);
    CHECK(http::require_json(good));
  }
  CHECK(http::require_json(std::nullopt));
  for (const std::string_view bad :
       {"", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "application/jsonp",
        "application/json; charset=latin1", "application/json; charset=utf-16", "json",
        "multipart/form-data; boundary=application/json"}) {
    CAPTURE(bad);
    const auto refused = http::require_json(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unsupported_media_type);
  }
}

TEST_CASE("the closest range of Accept decides how much a type is wanted") {
  const auto quality = [](std::optional<std::string_view> accept) {
    return http::accept_quality(accept, "text/event-stream");
  };
  CHECK(quality(std::nullopt) == 1000);
  CHECK(quality(" ") == 1000);
  CHECK(quality("*/*") == 1000);
  CHECK(quality("text/*") == 1000);
  CHECK(quality("Text/Event-Stream") == 1000);
  CHECK(quality("application/json") == 0);
  CHECK(quality("application/json, */*;q=0.1") == 100);
  CHECK(quality("text/event-stream;q=0.5, text/*;q=0.9, */*") == 500);
  CHECK(quality("*/*, text/event-stream;q=0") == 0);
  CHECK(quality("*/*;q=0.25;ext=1,text/html") == 250);
  CHECK(quality("text/event-stream; charset=utf-8 ; Q=0.125") == 125);
  CHECK(quality("text/event-streams, textual/*") == 0);
  CHECK(quality("text/event-stream;q=1.000") == 1000);
  CHECK(quality("application/x;a=\",text/event-stream\"") == 0);
}

TEST_CASE("ranges of Accept that cannot be read are left out") {
  for (const std::string_view bad : {"1.001", "2", "0.1234", "-1", ".5", "0,5", "01", "0x", ""}) {
    CAPTURE(bad);
    CHECK(http::accept_quality("text/event-stream;q=" + std::string(bad), "text/event-stream") ==
          0);
  }
  CHECK(http::accept_quality("text/event-stream;q=bad, */*;q=0.3", "text/event-stream") == 300);
}

TEST_CASE("a type that is not wanted is not acceptable") {
  CHECK(http::require_acceptable("text/event-stream", "text/event-stream"));
  const auto refused = http::require_acceptable("application/json", "text/event-stream");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::not_acceptable);
  CHECK_FALSE(http::require_acceptable("text/event-stream;q=0", "text/event-stream"));
}

TEST_CASE("any Accept has a quality between none and full") {
  tests::Mutations mutations({"text/event-stream;q=0.5, */*;q=0.1", "a/b; c=\"d\\\"e\", text/*",
                              "application/json; charset=\"utf-8\""});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto text = mutations.next();
    const int quality = http::accept_quality(text, "text/event-stream");
    REQUIRE(quality >= 0);
    REQUIRE(quality <= http::kHighestQuality);
    if (const auto type = http::parse_media_type(text)) {
      REQUIRE(http::parse_media_type(type->type)->type == type->type);
    }
  }
}
