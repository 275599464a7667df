#include "shared/http/router.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "shared/http/url.hpp"

using namespace fabula;

namespace {

// The places in the table.
enum : std::size_t {
  kHealth,
  kPostChat,
  kListTakes,
  kSelectTake,
  kLatestStream,
  kGetStream,
  kPatchStream
};

using http::Route;

constexpr std::array kRoutes{
    Route{"GET", "/chat/health"},
    Route{"POST", "/chat"},
    Route{"GET", "/chat/messages/{id}/takes"},
    Route{"POST", "/chat/messages/{id}/takes/{take}"},
    Route{"GET", "/chat/streams/latest"},
    Route{"GET", "/chat/streams/{stream_id}"},
    Route{"PATCH", "/chat/streams/{stream_id}"},
};

auto match(std::string_view method, std::string_view path) {
  const auto url = http::parse_url("http://a" + std::string(path));
  REQUIRE(url);
  return http::match_route(kRoutes, method, url->segments);
}

ErrorCode refusal(std::string_view method, std::string_view path) {
  const auto found = match(method, path);
  REQUIRE_FALSE(found);
  return found.error().code;
}

}  // namespace

TEST_CASE("a route is found by method and path, with and without the platform's prefix") {
  CHECK(match("GET", "/chat/health")->index == kHealth);
  CHECK(match("POST", "/chat")->index == kPostChat);
  CHECK(match("POST", "/functions/v1/chat")->index == kPostChat);
  CHECK(match("POST", "/functions/v1/chat?x=y")->index == kPostChat);
}

TEST_CASE("one trailing slash is tolerated") {
  CHECK(match("POST", "/chat/")->index == kPostChat);
  CHECK(match("POST", "/functions/v1/chat/")->index == kPostChat);
  CHECK(refusal("POST", "/chat//") == ErrorCode::not_found);
}

TEST_CASE("placeholders capture one decoded segment each") {
  const auto takes = match("GET", "/chat/messages/a%2Fb/takes");
  REQUIRE(takes);
  CHECK(takes->index == kListTakes);
  CHECK(takes->capture("id") == "a/b");
  CHECK(takes->capture("other").empty());
  const auto select = match("POST", "/functions/v1/chat/messages/m/takes/t/");
  REQUIRE(select);
  CHECK(select->capture("id") == "m");
  CHECK(select->capture("take") == "t");
  CHECK(select->captures.size() == 2);
}

TEST_CASE("a literal path is meant rather than a placeholder's, whatever the method") {
  CHECK(match("GET", "/chat/streams/latest")->index == kLatestStream);
  CHECK(match("GET", "/chat/streams/other")->index == kGetStream);
  CHECK(match("PATCH", "/chat/streams/other")->index == kPatchStream);
  CHECK(refusal("PATCH", "/chat/streams/latest") == ErrorCode::method_not_allowed);
  CHECK(http::allowed_methods(kRoutes, {"chat", "streams", "latest"}) == "GET, OPTIONS");

  constexpr std::array kLiteralLast{Route{"GET", "/chat/{id}"}, Route{"GET", "/chat/health"}};
  CHECK(http::match_route(kLiteralLast, "GET", {"chat", "health"})->index == 1);
}

TEST_CASE("a path that no pattern has is not found") {
  for (const std::string_view path :
       {"/", "/Chat", "/chat/healthy", "/chat/health/more", "/chat/messages//takes", "//chat",
        "/chat/messages/m", "/functions/v1", "/functions/v2/chat",
        "/functions/v1/functions/v1/chat", "/v1/chat", "/chat%2Fhealth"}) {
    CAPTURE(path);
    CHECK(refusal("GET", path) == ErrorCode::not_found);
  }
}

TEST_CASE("a path of another method says which are allowed") {
  CHECK(refusal("DELETE", "/chat/streams/s") == ErrorCode::method_not_allowed);
  CHECK(refusal("get", "/chat/health") == ErrorCode::method_not_allowed);
  CHECK(http::allowed_methods(kRoutes, {"chat", "streams", "s"}) == "GET, PATCH, OPTIONS");
  CHECK(http::allowed_methods(kRoutes, {"functions", "v1", "chat"}) == "POST, OPTIONS");
}
