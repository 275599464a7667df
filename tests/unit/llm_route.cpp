#include "shared/llm/route/route.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace fabula;

namespace {

class MapSettings final : public llm::Settings {
 public:
  MapSettings(std::initializer_list<std::pair<const std::string, std::string>> values)
      : values_(values) {}

  std::optional<std::string> find(std::string_view name) const override {
    const auto value = values_.find(std::string(name));
    if (value == values_.end()) return std::nullopt;
    return value->second;
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string fault_of(std::string_view route) {
  const auto parsed = llm::parse_route(route, "MODEL_CHAT");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == ErrorCode::no_provider);
  return parsed.error().detail;
}

Result<llm::Endpoint> resolve(std::string_view route, const MapSettings& settings,
                              bool is_development = false) {
  const auto parsed = llm::parse_route(route, "MODEL_CHAT");
  REQUIRE(parsed);
  return llm::resolve(parsed->front(), settings, is_development);
}

void check_refused(const Result<llm::Endpoint>& endpoint, std::string_view named) {
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().code == ErrorCode::no_provider);
  CHECK(endpoint.error().detail.find(named) != std::string::npos);
}

}  // namespace

TEST_CASE("a route is read in order, models keep their colons and slashes") {
  const auto route = llm::parse_route(
      " openai:gpt-4o-mini, hf:meta-llama/Llama-3.3-70B-Instruct:together ,ollama: qwen3:8b",
      "MODEL_CHAT");
  REQUIRE(route);
  REQUIRE(route->size() == 3);
  CHECK((*route)[0].provider->name == "openai");
  CHECK((*route)[0].model == "gpt-4o-mini");
  CHECK((*route)[1].provider->name == "hf");
  CHECK((*route)[1].model == "meta-llama/Llama-3.3-70B-Instruct:together");
  CHECK((*route)[2].model == "qwen3:8b");
}

TEST_CASE("a fault in a route says what is wrong with which entry") {
  CHECK(fault_of("").find("`MODEL_CHAT` has an empty entry") == 0);
  CHECK(fault_of("openai:a,").find("empty entry") != std::string::npos);
  CHECK(fault_of("gpt-4o").find("without a colon, `gpt-4o`") != std::string::npos);
  CHECK(fault_of("openai:a,opnai:b").find("unknown provider, `opnai`. Known are: openai, ") !=
        std::string::npos);
  CHECK(fault_of("openai: ").find("names no model of `openai`") != std::string::npos);
}

TEST_CASE("an entry resolves to where and how to call") {
  const auto endpoint = resolve("openai:gpt-4o-mini", {{"OPENAI_API_KEY", "sk-1\n"}});
  REQUIRE(endpoint);
  CHECK(endpoint->provider->name == "openai");
  CHECK(endpoint->model == "gpt-4o-mini");
  CHECK(endpoint->url == "https://api.openai.com/v1/chat/completions");
  CHECK(endpoint->headers.find("authorization") == "Bearer sk-1");
  CHECK(endpoint->headers.find("content-type") == "application/json");
  CHECK(endpoint->headers.find("accept") == "text/event-stream");
}

TEST_CASE("a base URL may be set, with or without a slash at its end") {
  for (const std::string base : {"https://llm.example/v1", "https://llm.example/v1/"}) {
    const auto endpoint = resolve("openai:m", {{"OPENAI_API_KEY", "k"}, {"OPENAI_BASE_URL", base}});
    REQUIRE(endpoint);
    CHECK(endpoint->url == "https://llm.example/v1/chat/completions");
  }
}

TEST_CASE("a server of one's own in a provider's place needs no key") {
  const auto endpoint =
      resolve("openai:m", {{"OPENAI_BASE_URL", "http://127.0.0.1:1234/v1"}}, true);
  REQUIRE(endpoint);
  CHECK(endpoint->url == "http://127.0.0.1:1234/v1/chat/completions");
  CHECK_FALSE(endpoint->headers.find("authorization"));
  check_refused(resolve("openai:m", {{"OPENAI_BASE_URL", "  "}}), "OPENAI_API_KEY");
  check_refused(resolve("openai:m", {{"GROQ_BASE_URL", "https://llm.example/v1"}}),
                "OPENAI_API_KEY");
}

TEST_CASE("the provider's own address, written out, is no server of one's own") {
  check_refused(resolve("openai:m", {{"OPENAI_BASE_URL", "https://api.openai.com/v1/"}}),
                "OPENAI_API_KEY");
}

TEST_CASE("another host, or another port, is a server of one's own") {
  for (const auto* address :
       {"https://llm.example/v1", "https://api.openai.com:8443/v1", "https://10.0.0.7/v1"}) {
    CAPTURE(address);
    const auto endpoint = resolve("openai:m", {{"OPENAI_BASE_URL", address}});
    REQUIRE(endpoint);
    CHECK(endpoint->is_own_server);
  }
}

TEST_CASE("a base URL is taken as the provider's SDK and documentation write it") {
  struct Case {
    const char* route;
    const char* base;
    const char* url;
  };
  constexpr Case kCases[] = {
      // Anthropic's SDK appends /v1/messages to whatever it is given.
      {"anthropic:m", "https://api.anthropic.com", "https://api.anthropic.com/v1/messages"},
      {"anthropic:m", "https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"},
      {"anthropic:m", "https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"},
      {"anthropic:m", "https://api.example/anthropic", "https://api.example/anthropic/v1/messages"},
      {"anthropic:m", "https://api.example/anthropic/v1",
       "https://api.example/anthropic/v1/messages"},
      {"anthropic:m", "https://gateway.example/v1/account/anthropic/",
       "https://gateway.example/v1/account/anthropic/v1/messages"},
      {"anthropic:m", "https://api.example/own/messages", "https://api.example/own/messages"},
      {"openai:m", "https://api.openai.com", "https://api.openai.com/v1/chat/completions"},
      {"openai:m", "https://name.openai.azure.com/openai/v1/",
       "https://name.openai.azure.com/openai/v1/chat/completions"},
      {"openai:m", "https://api.openai.com/v1/models",
       "https://api.openai.com/v1/chat/completions"},
      // Groq's and Mistral's SDKs name the host alone.
      {"groq:m", "https://api.groq.com", "https://api.groq.com/openai/v1/chat/completions"},
      {"groq:m", "https://api.groq.com/openai", "https://api.groq.com/openai/v1/chat/completions"},
      {"groq:m", "https://api.groq.com/openai/v1",
       "https://api.groq.com/openai/v1/chat/completions"},
      {"mistral:m", "https://api.mistral.ai", "https://api.mistral.ai/v1/chat/completions"},
      {"deepseek:m", "https://api.deepseek.com", "https://api.deepseek.com/v1/chat/completions"},
      {"deepseek:m", "https://api.deepseek.com/beta",
       "https://api.deepseek.com/beta/chat/completions"},
      {"openrouter:m", "https://openrouter.ai", "https://openrouter.ai/api/v1/chat/completions"},
      {"openrouter:m", "https://openrouter.ai/api/",
       "https://openrouter.ai/api/v1/chat/completions"},
      {"openrouter:m", "https://proxy.example/ap", "https://proxy.example/ap/chat/completions"},
      {"hf:m", "https://router.huggingface.co",
       "https://router.huggingface.co/v1/chat/completions"},
      {"ollama:m", "https://ollama.example", "https://ollama.example/v1/chat/completions"},
      {"ollama:m", "https://ollama.example/api", "https://ollama.example/v1/chat/completions"},
      {"llamacpp:m", "https://llama.example:8443/",
       "https://llama.example:8443/v1/chat/completions"},
      {"custom:m", "https://llm.example", "https://llm.example/v1/chat/completions"},
      {"custom:m", "https://llm.example/v1/chat/completions",
       "https://llm.example/v1/chat/completions"},
      {"custom:m", "https://llm.example/v1/chat/completions/",
       "https://llm.example/v1/chat/completions"},
      {"custom:m", "https://llm.example/chat/completions", "https://llm.example/chat/completions"},
      {"custom:m", "https://llm.example/inference",
       "https://llm.example/inference/chat/completions"},
      {"custom:m", "https://llm.example/api/paas/v4/",
       "https://llm.example/api/paas/v4/chat/completions"},
      // OpenRouter and others serve Anthropic's protocol below a path of their own.
      {"anthropic:m", "https://openrouter.ai/api", "https://openrouter.ai/api/v1/messages"},
      {"anthropic:m", "https://api.z.example/api/anthropic/",
       "https://api.z.example/api/anthropic/v1/messages"},
      {"anthropic:m", "https://api.anthropic.com/v1/messages",
       "https://api.anthropic.com/v1/messages"},
      {"mistral:m", "https://api.mistral.ai/v1/", "https://api.mistral.ai/v1/chat/completions"},
      {"openrouter:m", "https://openrouter.ai/api/v1/chat/completions",
       "https://openrouter.ai/api/v1/chat/completions"},
      {"hf:m", "https://router.huggingface.co/together/v1",
       "https://router.huggingface.co/together/v1/chat/completions"},
      {"ollama:m", "https://ollama.example/v1/", "https://ollama.example/v1/chat/completions"},
      {"custom:m", "https://api.cloudflare.example/client/v4/accounts/a/ai/v1",
       "https://api.cloudflare.example/client/v4/accounts/a/ai/v1/chat/completions"},
      {"custom:m", "https://generativelanguage.googleapis.com/v1beta/openai/",
       "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"},
  };
  for (const auto& [route, base, url] : kCases) {
    CAPTURE(route);
    CAPTURE(base);
    const auto parsed = llm::parse_route(route, "MODEL_CHAT");
    REQUIRE(parsed);
    const auto& provider = *parsed->front().provider;
    const auto endpoint = resolve(route, {{std::string(provider.key_setting), "k"},
                                          {std::string(provider.base_url_setting), base}});
    REQUIRE(endpoint);
    CHECK(endpoint->url == url);
  }
  for (const std::string base :
       {"https://generativelanguage.googleapis.com", "https://generativelanguage.googleapis.com/",
        "https://generativelanguage.googleapis.com/v1beta",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "https://generativelanguage.googleapis.com/v1beta/models",
        "https://generativelanguage.googleapis.com/v1beta/models/other:generateContent"}) {
    CAPTURE(base);
    CHECK(resolve("gemini:gemini-2.5-flash", {{"GEMINI_API_KEY", "k"}, {"GEMINI_BASE_URL", base}})
              ->url ==
          "https://generativelanguage.googleapis.com/v1beta/models/"
          "gemini-2.5-flash:streamGenerateContent?alt=sse");
  }
  const auto gemini = [](const std::string& base) {
    return resolve("gemini:g", {{"GEMINI_API_KEY", "k"}, {"GEMINI_BASE_URL", base}})->url;
  };
  CHECK(gemini("https://gateway.example/google-ai-studio/v1") ==
        "https://gateway.example/google-ai-studio/v1/models/g:streamGenerateContent?alt=sse");
  CHECK(gemini("https://gateway.example/google-ai-studio") ==
        "https://gateway.example/google-ai-studio/v1beta/models/g:streamGenerateContent?alt=sse");
  CHECK(gemini("https://aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google") ==
        "https://aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google"
        "/models/g:streamGenerateContent?alt=sse");
}

TEST_CASE("an address that may mean two places is tried at both") {
  struct Case {
    const char* route;
    const char* base;
    const char* url;
    const char* other_url;
  };
  constexpr Case kCases[] = {
      // vLLM, LM Studio, llama.cpp and Ollama serve /v1; Perplexity and others do not.
      {"custom:m", "https://vllm.example:8000", "https://vllm.example:8000/v1/chat/completions",
       "https://vllm.example:8000/chat/completions"},
      {"openai:m", "https://lmstudio.example:1234/",
       "https://lmstudio.example:1234/v1/chat/completions",
       "https://lmstudio.example:1234/chat/completions"},
      {"llamacpp:m", "https://llama.example", "https://llama.example/v1/chat/completions",
       "https://llama.example/chat/completions"},
      {"groq:m", "https://proxy.example", "https://proxy.example/openai/v1/chat/completions",
       "https://proxy.example/chat/completions"},
      // An address with its own path is tried as written, as SDKs do, and then with the version.
      {"custom:m", "https://api.fireworks.example/inference/",
       "https://api.fireworks.example/inference/chat/completions",
       "https://api.fireworks.example/inference/v1/chat/completions"},
      {"openai:m", "https://name.openai.azure.com/openai",
       "https://name.openai.azure.com/openai/chat/completions",
       "https://name.openai.azure.com/openai/v1/chat/completions"},
      // An address that contains the version has no other form.
      {"custom:m", "https://llm.example/v1", "https://llm.example/v1/chat/completions", ""},
      {"custom:m", "https://llm.example/api/paas/v4/",
       "https://llm.example/api/paas/v4/chat/completions", ""},
      {"custom:m", "https://llm.example/v1beta/openai/",
       "https://llm.example/v1beta/openai/chat/completions", ""},
      {"custom:m", "https://llm.example/chat/completions", "https://llm.example/chat/completions",
       ""},
      {"openai:m", "https://api.openai.com", "https://api.openai.com/v1/chat/completions", ""},
      {"openai:m", "", "https://api.openai.com/v1/chat/completions", ""},
      {"anthropic:m", "https://gateway.example/anthropic",
       "https://gateway.example/anthropic/v1/messages", ""},
  };
  for (const auto& [route, base, url, other_url] : kCases) {
    CAPTURE(base);
    const auto parsed = llm::parse_route(route, "MODEL_CHAT");
    REQUIRE(parsed);
    const auto& provider = *parsed->front().provider;
    const auto endpoint = resolve(route, {{std::string(provider.key_setting), "k"},
                                          {std::string(provider.base_url_setting), base}});
    REQUIRE(endpoint);
    CHECK(endpoint->url == url);
    CHECK(endpoint->other_url == other_url);
  }
  const auto picture =
      llm::resolve_image_model({llm::find_provider("custom"), "flux"},
                               MapSettings{{"CUSTOM_BASE_URL", "https://pictures.example"}}, false);
  REQUIRE(picture);
  CHECK(picture->url == "https://pictures.example/v1/images/generations");
  CHECK(picture->other_url == "https://pictures.example/images/generations");
}

TEST_CASE("loopback and plain http are for development") {
  const MapSettings local = {{"LOCAL_BASE_URL", "http://127.0.0.1:8081/v1"}};
  const auto endpoint = resolve("local:SmolLM2", local, true);
  REQUIRE(endpoint);
  CHECK(endpoint->url == "http://127.0.0.1:8081/v1/chat/completions");
  CHECK_FALSE(endpoint->headers.find("authorization"));
  check_refused(resolve("local:SmolLM2", local), "LOCAL_BASE_URL");
  check_refused(resolve("local:m", {{"LOCAL_BASE_URL", "https://localhost/v1"}}), "https");
  check_refused(resolve("local:m", {{"LOCAL_BASE_URL", "http://llm.example/v1"}}), "https");
  CHECK(resolve("local:m", {{"LOCAL_BASE_URL", "https://llm.example/v1"}}));
  CHECK(resolve("ollama:m", {}, true));
  check_refused(resolve("ollama:m", {}), "OLLAMA_BASE_URL");
}

TEST_CASE("what is not set or cannot be used is named") {
  check_refused(resolve("openai:m", {}), "OPENAI_API_KEY");
  check_refused(resolve("openai:m", {{"OPENAI_API_KEY", "  "}}), "OPENAI_API_KEY");
  check_refused(resolve("hf:m", {}), "HF_TOKEN");
  check_refused(resolve("local:m", {}, true), "LOCAL_BASE_URL");
  check_refused(resolve("openai:m", {{"OPENAI_API_KEY", "a\r\nx-evil: 1"}}), "OPENAI_API_KEY");
  for (const std::string bad : {"llm.example", "ftp://llm.example", "https://a b/",
                                "https://h/?x=1", "https://user@h/", "https://"}) {
    CAPTURE(bad);
    check_refused(resolve("openai:m", {{"OPENAI_API_KEY", "k"}, {"OPENAI_BASE_URL", bad}}, true),
                  "OPENAI_BASE_URL");
  }
}

TEST_CASE("a problem never holds the key") {
  const auto endpoint = resolve("openai:m", {{"OPENAI_API_KEY", "se cret"}});
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().detail.find("se cret") == std::string::npos);
  CHECK(endpoint.error().cause.find("se cret") == std::string::npos);
}

TEST_CASE("OpenRouter is told who calls, when that is set") {
  const auto endpoint =
      resolve("openrouter:openai/gpt-4o", {{"OPENROUTER_API_KEY", "k"},
                                           {"HTTP_REFERER", "https://fabula.example"},
                                           {"X_TITLE", "Fabula"}});
  REQUIRE(endpoint);
  CHECK(endpoint->headers.find("http-referer") == "https://fabula.example");
  CHECK(endpoint->headers.find("x-title") == "Fabula");
  const auto other = resolve("openai:m", {{"OPENAI_API_KEY", "k"}, {"X_TITLE", "Fabula"}});
  REQUIRE(other);
  CHECK_FALSE(other->headers.find("x-title"));
}

TEST_CASE("Anthropic has headers of its own") {
  const auto endpoint = resolve("anthropic:claude-sonnet-4-5", {{"ANTHROPIC_API_KEY", "sk-ant"}});
  REQUIRE(endpoint);
  CHECK(endpoint->url == "https://api.anthropic.com/v1/messages");
  CHECK(endpoint->headers.find("x-api-key") == "sk-ant");
  CHECK(endpoint->headers.find("anthropic-version") == "2023-06-01");
  CHECK_FALSE(endpoint->headers.find("authorization"));
}

TEST_CASE("Gemini's model and streaming are in its URL") {
  const MapSettings settings = {{"GEMINI_API_KEY", "k"}};
  const auto endpoint = resolve("gemini:gemini-2.5-flash", settings);
  REQUIRE(endpoint);
  CHECK(endpoint->url ==
        "https://generativelanguage.googleapis.com/v1beta/models/"
        "gemini-2.5-flash:streamGenerateContent?alt=sse");
  CHECK(endpoint->headers.find("x-goog-api-key") == "k");
  CHECK_FALSE(endpoint->headers.find("authorization"));
  CHECK_FALSE(endpoint->headers.find("anthropic-version"));

  const MapSettings elsewhere = {{"GEMINI_API_KEY", "k"},
                                 {"GEMINI_BASE_URL", "https://g.example/v1beta/"}};
  CHECK(resolve("gemini:models/a", elsewhere)->url ==
        "https://g.example/v1beta/models/a:streamGenerateContent?alt=sse");
  CHECK(resolve("gemini:../x?key=1#", elsewhere)->url ==
        "https://g.example/v1beta/models/..%2Fx%3Fkey%3D1%23:streamGenerateContent?alt=sse");
  const auto entry = llm::parse_route("gemini:a", "MODEL_DOSSIER");
  REQUIRE(entry);
  const auto whole = llm::resolve(entry->front(), elsewhere, false, false);
  REQUIRE(whole);
  CHECK(whole->url == "https://g.example/v1beta/models/a:generateContent");
  CHECK(whole->headers.find("accept") == "application/json");
}

TEST_CASE("an endpoint knows whether its model sees") {
  const auto seeing = resolve("openai:gpt-4o", {{"OPENAI_API_KEY", "k"}});
  REQUIRE(seeing);
  CHECK(seeing->takes_images);
  CHECK(seeing->fetches_images);
  const MapSettings local = {{"LOCAL_BASE_URL", "https://l.example/v1"},
                             {"FABULA_VISION_MODELS", "local:eyes"}};
  CHECK_FALSE(resolve("local:SmolLM2", local)->takes_images);
  CHECK(resolve("local:eyes", local)->takes_images);
}

TEST_CASE("every provider's own address can be used") {
  for (const auto& provider : llm::kProviders) {
    CAPTURE(provider.name);
    CHECK(llm::find_provider(provider.name) == &provider);
    if (provider.default_base_url.empty()) continue;
    const bool is_hosted = provider.needs_key;
    CHECK(resolve(std::string(provider.name) + ":m", {{std::string(provider.key_setting), "k"}},
                  !is_hosted));
  }
}
