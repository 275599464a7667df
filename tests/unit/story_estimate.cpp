#include "shared/story/estimate.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "shared/json/document.hpp"

using namespace fabula;
using namespace fabula::story;

namespace {

Settings settings_of(std::int64_t target_words, std::string_view language = "en") {
  Settings settings;
  settings.target_words = target_words;
  settings.language = language;
  settings.unit = unit_of_language(language);
  return settings;
}

std::int64_t calls(const Estimate& estimate, std::string_view kind) {
  const auto found = std::find_if(estimate.steps.begin(), estimate.steps.end(),
                                  [&](const auto& step) { return step.kind == kind; });
  return found == estimate.steps.end() ? 0 : found->calls;
}

constexpr Route kRoutes[] = {Route::premise, Route::outline, Route::refine,
                             Route::start,   Route::full,    Route::continuation,
                             Route::ideas,   Route::setup,   Route::scene};

}  // namespace

TEST_CASE("a novel has chapters, a shorter story has none") {
  CHECK(chapter_count(200) == 0);
  CHECK(chapter_count(12'000) == 0);
  CHECK(chapter_count(12'001) == 3);
  CHECK(chapter_count(100'000) == 25);
  CHECK(chapter_count(200'000) == 50);
}

TEST_CASE("the steps of a short story are counted") {
  const auto story = estimate(settings_of(1'000), Route::full);
  CHECK(story.chapters == 0);
  CHECK(story.scenes == 5);
  CHECK(calls(story, "premise") == 1);
  CHECK(calls(story, "outline") == 1);
  CHECK(calls(story, "scene") == 5);
  CHECK(calls(story, "recap") == 5);
  CHECK(calls(story, "reading") == 5);
  CHECK(calls(story, "repeat") == 1);
  CHECK(story.calls == 18);
}

TEST_CASE("the steps of a novel are counted") {
  const auto novel = estimate(settings_of(100'000), Route::full);
  CHECK(novel.chapters == 25);
  CHECK(novel.scenes == 25 * 7);
  CHECK(calls(novel, "chapters") == 1);
  CHECK(calls(novel, "outline") == 25);
  CHECK(calls(novel, "recap") == 25 * 7 + 25);
}

TEST_CASE("sums are those of the steps, and the same every time") {
  for (const auto route : kRoutes) {
    for (const std::int64_t words : {200, 1'000, 5'000, 10'000, 12'001, 60'000, 200'000}) {
      for (const char* language : {"en", "ja", "th", "pt-BR", "xx", ""}) {
        const auto settings = settings_of(words, language);
        const auto first = estimate(settings, route);
        std::int64_t sum_calls = 0;
        std::int64_t sum_tokens = 0;
        for (const auto& step : first.steps) {
          CHECK(step.calls > 0);
          CHECK(step.prompt_tokens > 0);
          CHECK(step.completion_tokens > 0);
          sum_calls += step.calls;
          sum_tokens += step.prompt_tokens + step.completion_tokens;
        }
        CHECK(first.calls == sum_calls);
        CHECK(first.calls > 0);
        CHECK(first.tokens() == sum_tokens);
        CHECK(estimate_json(first, settings) == estimate_json(estimate(settings, route), settings));
      }
    }
  }
}

TEST_CASE("more words never cost less, and what is given is not counted") {
  std::int64_t before = 0;
  for (std::int64_t words = 200; words <= 12'000; words += 100) {
    const auto tokens = estimate(settings_of(words), Route::full).tokens();
    CHECK(tokens >= before);
    before = tokens;
  }
  const auto settings = settings_of(5'000);
  const auto all = estimate(settings, Route::full);
  const auto rest = estimate(settings, Route::full, {.has_premise = true, .has_outline = true});
  CHECK(rest.calls == all.calls - 2);
  CHECK(rest.tokens() < all.tokens());
  CHECK(estimate(settings_of(5'000, "ru"), Route::full).tokens() > all.tokens());
  auto told = settings;
  told.story_setting = "A long description of a city, with its streets and towers";
  CHECK(estimate(told, Route::full).tokens() > all.tokens());
}

TEST_CASE("at least the words of the story are paid for") {
  for (const std::int64_t words : {1'000, 5'000, 10'000, 100'000, 200'000}) {
    CHECK(estimate(settings_of(words), Route::full).completion_tokens > words);
  }
}

TEST_CASE("the endpoint's answer has all numbers") {
  const auto settings = settings_of(1'000, "ja");
  const auto body = json::parse(estimate_json(estimate(settings, Route::full), settings));
  REQUIRE(body);
  CHECK(json::integer_at(*body, "calls") == 18);
  CHECK(json::integer_at(*body, "target_length") == 2'000);
  CHECK(json::string_at(*body, "unit") == "characters");
  CHECK(*json::integer_at(*body, "tokens") ==
        *json::integer_at(*body, "prompt_tokens") + *json::integer_at(*body, "completion_tokens"));
  REQUIRE(json::find(*body, "steps"));
  CHECK(json::find(*body, "steps")->size() == 6);
}
