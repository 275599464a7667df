// The providers that speak the OpenAI-compatible chat completions API, and how they differ in what
// must be sent to them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fabula::llm {

// The request's field that limits the reply's length.
enum class TokenLimitField : std::uint8_t { max_tokens, max_completion_tokens };

struct Provider {
  std::string_view name;              // as routes write it
  std::string_view default_base_url;  // "": must be set
  std::string_view base_url_setting;
  std::string_view key_setting;
  bool needs_key = true;
  TokenLimitField token_limit_field = TokenLimitField::max_tokens;
  bool takes_stream_options = true;  // Mistral answers 422 to it, and sends usage without
  bool pads_chunks = false;          // OpenAI's `obfuscation`, which can be declined
  bool takes_attribution = false;    // OpenRouter's HTTP-Referer and X-Title
};

inline constexpr std::array kProviders = {
    Provider{.name = "openai",
             .default_base_url = "https://api.openai.com/v1",
             .base_url_setting = "OPENAI_BASE_URL",
             .key_setting = "OPENAI_API_KEY",
             .token_limit_field = TokenLimitField::max_completion_tokens,
             .pads_chunks = true},
    Provider{.name = "openrouter",
             .default_base_url = "https://openrouter.ai/api/v1",
             .base_url_setting = "OPENROUTER_BASE_URL",
             .key_setting = "OPENROUTER_API_KEY",
             .takes_attribution = true},
    Provider{.name = "hf",
             .default_base_url = "https://router.huggingface.co/v1",
             .base_url_setting = "HF_BASE_URL",
             .key_setting = "HF_TOKEN"},
    Provider{.name = "deepseek",
             .default_base_url = "https://api.deepseek.com/v1",
             .base_url_setting = "DEEPSEEK_BASE_URL",
             .key_setting = "DEEPSEEK_API_KEY"},
    Provider{.name = "groq",
             .default_base_url = "https://api.groq.com/openai/v1",
             .base_url_setting = "GROQ_BASE_URL",
             .key_setting = "GROQ_API_KEY"},
    Provider{.name = "mistral",
             .default_base_url = "https://api.mistral.ai/v1",
             .base_url_setting = "MISTRAL_BASE_URL",
             .key_setting = "MISTRAL_API_KEY",
             .takes_stream_options = false},
    Provider{.name = "ollama",
             .default_base_url = "http://127.0.0.1:11434/v1",
             .base_url_setting = "OLLAMA_BASE_URL",
             .key_setting = "OLLAMA_API_KEY",
             .needs_key = false},
    Provider{.name = "llamacpp",
             .default_base_url = "http://127.0.0.1:8080/v1",
             .base_url_setting = "LLAMACPP_BASE_URL",
             .key_setting = "LLAMACPP_API_KEY",
             .needs_key = false},
    Provider{.name = "local",
             .default_base_url = "",
             .base_url_setting = "LOCAL_BASE_URL",
             .key_setting = "LOCAL_API_KEY",
             .needs_key = false},
};

// Nullptr for a name that no provider has.
constexpr const Provider* find_provider(std::string_view name) {
  for (const auto& provider : kProviders) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

}  // namespace fabula::llm
