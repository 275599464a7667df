#include "shared/llm/route/listed_models.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;

namespace {

std::string found(std::string_view models, std::string_view name) {
  const auto entry = llm::find_listed(models, name);
  return entry ? std::string(entry->provider->name) + "|" + entry->model : "";
}

}  // namespace

TEST_CASE("a model is named with its provider or without") {
  constexpr std::string_view kModels = "openai:gpt-4o-mini, anthropic:claude,hf:a/b:together";
  CHECK(found(kModels, "openai:gpt-4o-mini") == "openai|gpt-4o-mini");
  CHECK(found(kModels, "gpt-4o-mini") == "openai|gpt-4o-mini");
  CHECK(found(kModels, " claude ") == "anthropic|claude");
  CHECK(found(kModels, "a/b:together") == "hf|a/b:together");
  CHECK(found(kModels, "hf:a/b:together") == "hf|a/b:together");
}

TEST_CASE("every model of a provider may be named; a listed one goes before") {
  constexpr std::string_view kModels = "openrouter:*,openai:gpt-4o";
  CHECK(found(kModels, "nousresearch/hermes-3-llama-3.1-70b") ==
        "openrouter|nousresearch/hermes-3-llama-3.1-70b");
  CHECK(found(kModels, "some/model:free") == "openrouter|some/model:free");
  CHECK(found(kModels, "gpt-4o") == "openai|gpt-4o");
  CHECK(found(kModels, "openrouter:x") == "openrouter|x");
}

TEST_CASE("what is not listed is not found") {
  for (const char* models : {"", "openai:gpt-4o", "nonsense", "unknown:*", ":", "openai:"}) {
    CAPTURE(models);
    for (const char* name :
         {"", "*", "openai:*", "openai:", "other", "openai:other", "groq:gpt-4o"}) {
      CAPTURE(name);
      CHECK(found(models, name).empty());
    }
  }
  CHECK(found("openrouter:*", "openai:gpt-4o").empty());
}
