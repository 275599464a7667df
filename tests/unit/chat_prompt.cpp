#include "generated/prompts.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string_view>

#include "shared/api/endpoints/chat.hpp"
#include "shared/json/document.hpp"
#include "shared/text/utf8.hpp"
#include "shared/turn/kinds/chat.hpp"

using namespace fabula;

using turn::kinds::kChat;

TEST_CASE("the prompt is short enough for a small model to follow and for every turn to pay") {
  for (const auto& purpose : kChat.purposes) {
    const std::string_view prompt = purpose.prompt->text;
    CAPTURE(purpose.name);
    CHECK(prompt.size() > 200);
    CHECK(prompt.size() < 1500);
    CHECK(text::is_valid_utf8(prompt));
  }
}

TEST_CASE("tasks are told apart by their names, and no name is chat's") {
  REQUIRE(kChat.purposes.size() == api::chat::kTasks.size());
  for (std::size_t i = 0; i < api::chat::kTasks.size(); ++i) {
    const auto name = api::chat::kTasks[i];
    CHECK(kChat.purposes[i].name == name);
    CHECK(turn::purpose_named(kChat, name).name == name);
  }
  const auto is_chat = [](std::string_view name) {
    return turn::is_first_purpose(kChat, turn::purpose_named(kChat, name));
  };
  CHECK(is_chat(""));
  CHECK(is_chat("sing"));
  CHECK_FALSE(is_chat("scene"));
  const auto prompts = json::parse(turn::kinds::task_prompts_json(kChat));
  REQUIRE(prompts);
  CHECK(prompts->size() == 2);
  CHECK(json::string_at(*prompts, "scene") == prompts::kScene.text);
  CHECK(json::string_at(*prompts, "description") == prompts::kDescription.text);
  const auto labels = json::parse(turn::kinds::task_prompt_labels_json(kChat));
  REQUIRE(labels);
  CHECK(labels->size() == 2);
  CHECK(json::string_at(*labels, "scene") == turn::purpose_named(kChat, "scene").prompt->label);
}
