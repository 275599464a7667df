#include "shared/llm/route/bot.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace fabula;
using llm::Bot;

namespace {

class MapSettings final : public llm::Settings {
 public:
  explicit MapSettings(std::map<std::string, std::string, std::less<>> values)
      : values_(std::move(values)) {}
  std::optional<std::string> find(std::string_view name) const override {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

const MapSettings kSettings({{"OPENAI_API_KEY", "sk-ours"},
                             {"GROQ_API_KEY", "gsk-ours"},
                             {"FABULA_UPSTREAM_HOSTS", "models.example.com"},
                             {"FABULA_BOT_MODELS", "groq:*, openai:gpt-5"}});

Bot bot(std::string provider, std::string model, std::string path = {}, std::string key = {}) {
  return {std::move(provider), std::move(model), std::move(path), std::move(key)};
}

// The request's URL, model and key; or the refusal.
std::string resolved(const Bot& bot, bool is_development = false) {
  const auto route = llm::parse_route("openai:gpt-4o-mini", "MODEL_STREAM");
  const auto endpoint = llm::resolve_bot(bot, *route, kSettings, is_development);
  if (!endpoint) return "no: " + endpoint.error().detail;
  auto key = endpoint->headers.find("authorization");
  if (!key) key = endpoint->headers.find("x-api-key");
  return endpoint->url + " " + std::string(endpoint->provider->name) + ":" + endpoint->model + " " +
         std::string(key.value_or("-"));
}

}  // namespace

TEST_CASE("a bot without a key spends the deployment's, for the models that it pays for") {
  CHECK(resolved(bot("", "gpt-4o-mini")) ==
        "https://api.openai.com/v1/chat/completions openai:gpt-4o-mini Bearer sk-ours");
  CHECK(resolved(bot("openai", "gpt-5")) ==
        "https://api.openai.com/v1/chat/completions openai:gpt-5 Bearer sk-ours");
  CHECK(resolved(bot("groq", "anything")) ==
        "https://api.groq.com/openai/v1/chat/completions groq:anything Bearer gsk-ours");
  CHECK(resolved(bot("openai", "o1-pro")).starts_with("no: This bot has no key of its own"));
  CHECK(resolved(bot("", "o1-pro")).starts_with("no: This bot has no key of its own"));
  CHECK(resolved(bot("openai", "o1-pro"), true).ends_with("openai:o1-pro Bearer sk-ours"));
}

TEST_CASE("a bot's own key is what is sent, and to its own address nothing else") {
  CHECK(resolved(bot("openai", "o1-pro", "", "sk-own")) ==
        "https://api.openai.com/v1/chat/completions openai:o1-pro Bearer sk-own");
  CHECK(resolved(bot("anthropic", "claude", "", "sk-own")) ==
        "https://api.anthropic.com/v1/messages anthropic:claude sk-own");
  CHECK(resolved(bot("", "m", "https://models.example.com/v1", "k")) ==
        "https://models.example.com/v1/chat/completions custom:m Bearer k");
  CHECK(resolved(bot("", "m", "https://models.example.com/v1")) ==
        "https://models.example.com/v1/chat/completions custom:m -");
  CHECK(resolved(bot("openai", "m", "https://models.example.com/v1", "k")) ==
        "https://models.example.com/v1/chat/completions openai:m Bearer k");
  for (const bool is_development : {false, true}) {
    CHECK(resolved(bot("openai", "gpt-4o-mini", "https://models.example.com/v1"), is_development)
              .starts_with("no: This bot has an address of its own and no key"));
    CHECK(resolved(bot("groq", "m", "https://api.openai.com/v1"), is_development)
              .starts_with("no: This bot has an address of its own and no key"));
  }
}

TEST_CASE("a bot's own key never goes to the deployment's address") {
  const MapSettings settings({{"OPENAI_API_KEY", "sk-ours"},
                              {"OPENAI_BASE_URL", "https://proxy.example/v1"},
                              {"ANTHROPIC_BASE_URL", "https://proxy.example/anthropic"},
                              {"CUSTOM_BASE_URL", "https://proxy.example/custom"},
                              {"CUSTOM_API_KEY", "custom-ours"},
                              {"FABULA_BOT_MODELS", "custom:*"},
                              {"FABULA_UPSTREAM_HOSTS", "models.example.com"}});
  const auto route = llm::parse_route("openai:gpt-4o-mini", "MODEL_STREAM");
  const auto resolve = [&](const Bot& bot) {
    return llm::resolve_bot(bot, *route, settings, false);
  };
  for (const auto& own : {bot("openai", "m", "", "sk-own"), bot("", "gpt-4o-mini", "", "sk-own")}) {
    const auto endpoint = resolve(own);
    REQUIRE(endpoint);
    CHECK(endpoint->url == "https://api.openai.com/v1/chat/completions");
    CHECK(endpoint->other_url.empty());
    CHECK(endpoint->headers.find("authorization") == "Bearer sk-own");
  }
  CHECK(resolve(bot("anthropic", "m", "", "sk-own"))->url ==
        "https://api.anthropic.com/v1/messages");
  CHECK(resolve(bot("openai", "m", "https://models.example.com/v1", "sk-own"))->url ==
        "https://models.example.com/v1/chat/completions");
  const auto nowhere = resolve(bot("custom", "m", "", "sk-own"));
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ErrorCode::no_provider);
  CHECK(nowhere.error().detail.find("Give the bot an access_path") != std::string::npos);
  // Without a key of its own it is the deployment's address that gets the deployment's key.
  const auto ours = resolve(bot("custom", "m"));
  REQUIRE(ours);
  CHECK(ours->url.starts_with("https://proxy.example/custom/"));
  CHECK(ours->headers.find("authorization") == "Bearer custom-ours");
}

TEST_CASE("a known provider's address says whose it is; a request's address is the API's") {
  CHECK(resolved(bot("", "m", "https://api.deepseek.com/v1/chat/completions", "k")) ==
        "https://api.deepseek.com/v1/chat/completions deepseek:m Bearer k");
  CHECK(resolved(bot("", "m", "https://api.anthropic.com/v1", "k")) ==
        "https://api.anthropic.com/v1/messages anthropic:m k");
}

TEST_CASE("a bot's address is taken as documentation writes it, and its path tells the protocol") {
  CHECK(resolved(bot("", "m", "https://api.anthropic.com", "k")) ==
        "https://api.anthropic.com/v1/messages anthropic:m k");
  CHECK(resolved(bot("", "m", "https://api.groq.com/", "k")) ==
        "https://api.groq.com/openai/v1/chat/completions groq:m Bearer k");
  CHECK(resolved(bot("", "m", "https://api.deepseek.com/anthropic", "k")) ==
        "https://api.deepseek.com/anthropic/v1/messages anthropic:m k");
  CHECK(resolved(bot("", "m", "https://api.deepseek.com/anthropic/v1/messages", "k")) ==
        "https://api.deepseek.com/anthropic/v1/messages anthropic:m k");
  CHECK(resolved(bot("", "m", "https://api.anthropic.com/v1/chat/completions", "k")) ==
        "https://api.anthropic.com/v1/chat/completions custom:m Bearer k");
  CHECK(resolved(bot("", "m", "https://generativelanguage.googleapis.com/v1beta/openai/", "k")) ==
        "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions custom:m "
        "Bearer k");
  CHECK(resolved(bot("", "m", "https://api.groq.com/openai", "k")) ==
        "https://api.groq.com/openai/v1/chat/completions groq:m Bearer k");
  CHECK(resolved(bot("", "m", "https://models.example.com", "k")) ==
        "https://models.example.com/v1/chat/completions custom:m Bearer k");
  CHECK(resolved(bot("", "m", "https://models.example.com/v1/", "k")) ==
        "https://models.example.com/v1/chat/completions custom:m Bearer k");
  CHECK(resolved(bot("", "m", "https://openrouter.ai", "k")) ==
        "https://openrouter.ai/api/v1/chat/completions openrouter:m Bearer k");
  CHECK(resolved(bot("", "m", "https://openrouter.ai/api/v1/messages", "k")) ==
        "https://openrouter.ai/api/v1/messages anthropic:m k");
  CHECK(resolved(bot("", "m", "https://api.mistral.ai", "k")) ==
        "https://api.mistral.ai/v1/chat/completions mistral:m Bearer k");
  CHECK(resolved(bot("", "m", "https://router.huggingface.co/v1/chat/completions/", "k")) ==
        "https://router.huggingface.co/v1/chat/completions hf:m Bearer k");
}

TEST_CASE("a bot's address that may mean two places is tried at both") {
  const auto route = llm::parse_route("openai:gpt-4o-mini", "MODEL_STREAM");
  const auto other_of = [&](std::string path) {
    const auto endpoint =
        llm::resolve_bot(bot("", "m", std::move(path), "k"), *route, kSettings, false);
    REQUIRE(endpoint);
    return endpoint->other_url;
  };
  CHECK(other_of("https://models.example.com/") == "https://models.example.com/chat/completions");
  CHECK(other_of("https://models.example.com/llm") ==
        "https://models.example.com/llm/v1/chat/completions");
  CHECK(other_of("https://models.example.com/v1").empty());
  CHECK(other_of("https://api.groq.com").empty());
}

TEST_CASE("what is not allowed any more is refused when the bot is asked, too") {
  CHECK(resolved(bot("", "m", "https://gone.example.com/v1", "k"))
            .starts_with("no: The bot cannot be asked. access_path names a host"));
  CHECK(resolved(bot("nobody", "m")).starts_with("no: The bot cannot be asked. provider"));
}

TEST_CASE("a bot that could not be asked is refused when it is written") {
  const auto refused = [](const Bot& bot) {
    const auto checked = llm::check_bot(bot, kSettings, false);
    return checked ? ErrorCode::internal_error : checked.error().code;
  };
  CHECK(llm::check_bot(bot("", ""), kSettings, false));
  CHECK(llm::check_bot(bot("custom", "m", "https://models.example.com"), kSettings, false));
  CHECK(refused(bot("nobody", "m")) == ErrorCode::invalid_request);
  CHECK(refused(bot("", "m", "https://10.1.2.3/v1")) == ErrorCode::invalid_request);
  CHECK(refused(bot("", "m", "http://models.example.com/v1")) == ErrorCode::invalid_request);
}
