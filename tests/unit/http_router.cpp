#include "shared/http/router.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/http/url.hpp"

using namespace fabula;

namespace {

enum class Endpoint { health, post_chat, list_takes, select_take, latest_stream, get_stream };

using Route = http::Route<Endpoint>;

constexpr std::array kRoutes{
    Route{"GET", "/chat/health", Endpoint::health},
    Route{"POST", "/chat", Endpoint::post_chat},
    Route{"GET", "/chat/messages/{id}/takes", Endpoint::list_takes},
    Route{"POST", "/chat/messages/{id}/takes/{take}", Endpoint::select_take},
    Route{"GET", "/chat/streams/latest", Endpoint::latest_stream},
    Route{"GET", "/chat/streams/{stream_id}", Endpoint::get_stream},
    Route{"PATCH", "/chat/streams/{stream_id}", Endpoint::get_stream},
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
  CHECK(match("GET", "/chat/health")->endpoint == Endpoint::health);
  CHECK(match("POST", "/chat")->endpoint == Endpoint::post_chat);
  CHECK(match("POST", "/functions/v1/chat")->endpoint == Endpoint::post_chat);
  CHECK(match("POST", "/functions/v1/chat?x=y")->endpoint == Endpoint::post_chat);
}

TEST_CASE("one trailing slash is tolerated") {
  CHECK(match("POST", "/chat/")->endpoint == Endpoint::post_chat);
  CHECK(match("POST", "/functions/v1/chat/")->endpoint == Endpoint::post_chat);
  CHECK(refusal("POST", "/chat//") == ErrorCode::not_found);
}

TEST_CASE("placeholders capture one decoded segment each") {
  const auto takes = match("GET", "/chat/messages/a%2Fb/takes");
  REQUIRE(takes);
  CHECK(takes->endpoint == Endpoint::list_takes);
  CHECK(takes->capture("id") == "a/b");
  CHECK(takes->capture("other").empty());
  const auto select = match("POST", "/functions/v1/chat/messages/m/takes/t/");
  REQUIRE(select);
  CHECK(select->capture("id") == "m");
  CHECK(select->capture("take") == "t");
  CHECK(select->captures.size() == 2);
}

TEST_CASE("the first route that matches wins") {
  CHECK(match("GET", "/chat/streams/latest")->endpoint == Endpoint::latest_stream);
  CHECK(match("GET", "/chat/streams/other")->endpoint == Endpoint::get_stream);
  CHECK(match("PATCH", "/chat/streams/latest")->capture("stream_id") == "latest");
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
