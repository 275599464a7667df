#include "shared/story/cache_key.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"

using namespace fabula;
using namespace fabula::story;

namespace {

constexpr std::array<std::string_view, 2> kLabels = {"story_premise-1", "story_outline-2"};

CachedRequest request() {
  return {.owner_id = "owner",
          .route = Route::premise,
          .settings = "{}",
          .given = "{\"premise\":\"p\"}",
          .project_id = "",
          .model_route = "gemini:a,huggingface:b",
          .prompt_labels = kLabels};
}

}  // namespace

TEST_CASE("the same request has the same key") {
  CHECK(cache_key(request()) == cache_key(request()));
  CHECK(cache_key(request()).size() == 64);
  CHECK(cache_key_text(request()) ==
        R"(["owner","premise","{}","{\"premise\":\"p\"}","","gemini:a,huggingface:b",)"
        R"(["story_premise-1","story_outline-2"]])");
}

TEST_CASE("whatever differs makes another key") {
  constexpr std::array<std::string_view, 2> kNewerLabels = {"story_premise-1", "story_outline-3"};
  constexpr std::array<std::string_view, 1> kJoined = {"story_premise-1story_outline-2"};
  std::set<std::string> keys{cache_key(request())};
  const auto add = [&](auto change) {
    auto changed = request();
    change(changed);
    CHECK(keys.insert(cache_key(changed)).second);
  };
  add([](auto& r) { r.owner_id = "other"; });
  add([](auto& r) { r.route = Route::outline; });
  add([](auto& r) { r.settings = "{ }"; });
  add([](auto& r) { r.given = ""; });
  add([](auto& r) { r.project_id = "project"; });
  add([](auto& r) { r.model_route = "gemini:a"; });
  add([&](auto& r) { r.prompt_labels = kNewerLabels; });
  add([&](auto& r) { r.prompt_labels = kJoined; });
  add([&](auto& r) { r.prompt_labels = {}; });
}

TEST_CASE("what moves from one part to the next, or looks like JSON, makes another key") {
  auto one = request();
  one.settings = "ab";
  one.given = "c";
  auto other = request();
  other.settings = "a";
  other.given = "bc";
  CHECK(cache_key(one) != cache_key(other));
  one.settings = R"(x","y)";
  one.given = "";
  other.settings = "x";
  other.given = "y";
  CHECK(cache_key(one) != cache_key(other));
}

TEST_CASE("any bytes have a key") {
  auto hostile = request();
  const std::string settings = std::string(10'000, '\xFF') + std::string("\0\n\"", 3);
  hostile.settings = settings;
  CHECK(cache_key(hostile).size() == 64);
  CHECK(json::parse(cache_key_text(hostile)));
}

TEST_CASE("each route has a name of its own") {
  std::set<std::string_view> names;
  for (const auto route :
       {Route::premise, Route::outline, Route::refine, Route::start, Route::continuation,
        Route::full, Route::ideas, Route::setup, Route::scene}) {
    CHECK(names.insert(name(route)).second);
    CHECK(route_named(name(route)) == route);
  }
  CHECK(name(Route::continuation) == "continue");
  CHECK(name(Route::scene) == "scene");
  CHECK(!route_named(""));
  CHECK(!route_named("Premise"));
}
