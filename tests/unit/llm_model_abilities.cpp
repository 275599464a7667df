#include "shared/llm/route/model_abilities.hpp"

#include <doctest/doctest.h>

#include "tests/unit/request_bodies.hpp"

using namespace fabula;
using tests::provider;

TEST_CASE("models that refuse a temperature are sent none") {
  for (const std::string_view model :
       {"gpt-4o-mini", "olmo-2", "openai/gpt-4.1", "o", "a/b/c", "", "gemini-2.5-flash",
        "claude-3-haiku-20240307", "claude-3-7-sonnet-latest", "claude-sonnet-4-20250514",
        "claude-opus-4-1-20250805", "anthropic/claude-sonnet-4.5", "claude-opus-4-6"}) {
    CAPTURE(model);
    CHECK(llm::takes_temperature(model));
  }
  for (const std::string_view model :
       {"o1", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5-mini", "claude-opus-4-7",
        "anthropic/claude-opus-4.7", "claude-sonnet-5", "claude-opus-5-5", "claude-future"}) {
    CAPTURE(model);
    CHECK_FALSE(llm::takes_temperature(model));
  }
}

TEST_CASE("a schema is told to models that have no field for it") {
  const auto use = [](std::string_view provider_name, std::string_view model) {
    return llm::schema_use(provider(provider_name), model);
  };
  using enum llm::SchemaUse;
  CHECK(use("openai", "gpt-4o-mini") == enforced);
  CHECK(use("openai", "gpt-4.1") == enforced);
  CHECK(use("openai", "gpt-4") == told);
  CHECK(use("openai", "gpt-4-0613") == told);
  CHECK(use("openai", "gpt-3.5-turbo") == told);
  CHECK(use("openai", "chatgpt-4o-latest") == told);
  CHECK(use("openrouter", "openai/gpt-4-turbo") == told);
  CHECK(use("openrouter", "meta-llama/llama-3.3-70b-instruct") == enforced_and_told);
  CHECK(use("anthropic", "claude-opus-4-1") == enforced);
  CHECK(use("anthropic", "claude-sonnet-4-5-20250929") == enforced);
  CHECK(use("anthropic", "claude-fable-5") == enforced);
  CHECK(use("anthropic", "claude-opus-4-20250514") == told);
  CHECK(use("anthropic", "claude-sonnet-4-0") == told);
  CHECK(use("anthropic", "claude-3-haiku-20240307") == told);
  CHECK(use("gemini", "gemini-2.5-flash") == enforced);
  CHECK(use("deepseek", "deepseek-chat") == json_object_and_told);
  CHECK(use("groq", "llama-3.3-70b-versatile") == told);
}

TEST_CASE("images are for models that see, or that a setting says to see") {
  const auto sees = [](std::string_view provider_name, std::string_view model) {
    return llm::takes_images(provider(provider_name), model);
  };
  CHECK(sees("openai", "gpt-4o-mini"));
  CHECK(sees("openai", "gpt-4-turbo"));
  CHECK(sees("openai", "gpt-9"));
  CHECK_FALSE(sees("openai", "gpt-3.5-turbo"));
  CHECK_FALSE(sees("openai", "gpt-4"));
  CHECK_FALSE(sees("openai", "o3-mini"));
  CHECK(sees("anthropic", "claude-3-haiku-20240307"));
  CHECK(sees("gemini", "gemini-2.5-flash"));
  CHECK(sees("openrouter", "anthropic/claude-sonnet-4.5"));
  CHECK(sees("openrouter", "Qwen/Qwen2.5-VL-7B-Instruct"));
  CHECK(sees("ollama", "llava:13b"));
  CHECK_FALSE(sees("openrouter", "meta-llama/llama-3.3-70b-instruct"));
  CHECK_FALSE(sees("deepseek", "deepseek-chat"));
  CHECK_FALSE(sees("local", "SmolLM2"));

  constexpr std::string_view kSetting = "hf:some/model:together, local : eyes ,,broken";
  CHECK(llm::takes_images(provider("local"), "eyes", kSetting));
  CHECK(llm::takes_images(provider("hf"), "some/model:together", kSetting));
  CHECK_FALSE(llm::takes_images(provider("ollama"), "eyes", kSetting));
  CHECK_FALSE(llm::takes_images(provider("local"), "broken", kSetting));
}

TEST_CASE("not everybody opens URLs") {
  CHECK(llm::fetches_images(provider("gemini"), "gemini-2.5-flash"));
  CHECK_FALSE(llm::fetches_images(provider("gemini"), "gemini-2.0-flash"));
  CHECK_FALSE(llm::fetches_images(provider("ollama"), "llava"));
  CHECK(llm::fetches_images(provider("openai"), "gpt-4o"));
}

TEST_CASE("text is held back for reasoning where a server leaves it as the model has written it") {
  using llm::ThoughtForm;
  const auto form = [](std::string_view name, std::string_view model, bool is_own_server) {
    return llm::thought_form(provider(name), model, is_own_server);
  };
  CHECK(form("openai", "gpt-4o-mini", false) == ThoughtForm::tagged);
  CHECK(form("openrouter", "deepseek/deepseek-r1", false) == ThoughtForm::tagged);
  CHECK(form("llamacpp", "gemma-3", true) == ThoughtForm::likely_untagged);
  CHECK(form("ollama", "QwQ", false) == ThoughtForm::untagged);
  // A server in the place of a provider's has models of its own, or passes on to OpenAI's.
  CHECK(form("openai", "qwen3", true) == ThoughtForm::likely_untagged);
  CHECK(form("openai", "Qwen/Qwen3-30B-A3B-Thinking-2507", true) == ThoughtForm::untagged);
  CHECK(form("deepseek", "deepseek-r1", true) == ThoughtForm::untagged);
  for (const std::string_view model : {"gpt-4.1", "openai/o3-mini", "chatgpt-4o-latest"}) {
    CHECK(form("openai", model, true) == ThoughtForm::tagged);
  }
  CHECK(form("anthropic", "claude-sonnet-4-5", true) == ThoughtForm::tagged);
}
