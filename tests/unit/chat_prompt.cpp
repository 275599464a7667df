#include "shared/chat/prompt.hpp"

#include <doctest/doctest.h>

#include <string_view>

#include "shared/chat/task.hpp"
#include "shared/json/document.hpp"
#include "shared/text/utf8.hpp"

using namespace fabula;

TEST_CASE("the prompt is short enough for a small model to follow and for every turn to pay") {
  for (const auto name : chat::kTaskNames) {
    const std::string_view prompt = chat::task_named(name).system_prompt();
    CAPTURE(name);
    CHECK(prompt.size() > 200);
    CHECK(prompt.size() < 1500);
    CHECK(text::is_valid_utf8(prompt));
  }
}

TEST_CASE("tasks are told apart by their names, and no name is chat's") {
  for (const auto name : chat::kTaskNames) CHECK(chat::task_named(name).name == name);
  CHECK(chat::is_chat(chat::task_named("")));
  CHECK(chat::is_chat(chat::task_named("sing")));
  CHECK_FALSE(chat::is_chat(chat::task_named("scene")));
  const auto prompts = json::parse(chat::task_prompts_json());
  REQUIRE(prompts);
  CHECK(prompts->size() == 2);
  CHECK(json::string_at(*prompts, "scene") == chat::scene_prompt());
  CHECK(json::string_at(*prompts, "description") == chat::description_prompt());
  const auto labels = json::parse(chat::task_prompt_labels_json());
  REQUIRE(labels);
  CHECK(labels->size() == 2);
  CHECK(json::string_at(*labels, "scene") == chat::task_named("scene").prompt.label);
}
