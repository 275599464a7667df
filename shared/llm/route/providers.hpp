// The providers of models, and how they differ in what must be sent to them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/llm/stream/wire_format.hpp"

namespace fabula::llm {

// The request's field that limits the reply's length.
enum class TokenLimitField : std::uint8_t { max_tokens, max_completion_tokens };

// How an answer is made to follow a JSON schema.
enum class SchemaUse : std::uint8_t {
  enforced,              // the request's own field for it; nothing is said in the prompt
  enforced_and_told,     // both: some backends ignore the field, or do not show it to the model
  json_object_and_told,  // any JSON object is enforced, which one is told in the system prompt
  told,                  // the system prompt alone
};

struct Provider {
  std::string_view name;  // as routes write it
  WireFormat format = WireFormat::openai;
  std::string_view default_base_url;  // "": must be set
  std::string_view base_url_setting;
  std::string_view key_setting;
  bool needs_key = true;
  TokenLimitField token_limit_field = TokenLimitField::max_tokens;
  bool takes_stream_options = true;  // Mistral answers 422 to it, and sends usage without
  bool pads_chunks = false;          // OpenAI's `obfuscation`, which can be declined
  bool takes_attribution = false;    // OpenRouter's HTTP-Referer and X-Title
  SchemaUse schema_use = SchemaUse::told;
  // What is assumed of models that model_abilities.cpp does not know: the makers of model families
  // make no new ones without eyes, but a model that somebody hosts may be anything.
  bool new_models_see = false;
  bool fetches_images = true;  // when they are given by URL
};

inline constexpr std::array kProviders = {
    Provider{.name = "openai",
             .default_base_url = "https://api.openai.com/v1",
             .base_url_setting = "OPENAI_BASE_URL",
             .key_setting = "OPENAI_API_KEY",
             .token_limit_field = TokenLimitField::max_completion_tokens,
             .pads_chunks = true,
             .schema_use = SchemaUse::enforced,
             .new_models_see = true},
    Provider{.name = "anthropic",
             .format = WireFormat::anthropic,
             .default_base_url = "https://api.anthropic.com/v1",
             .base_url_setting = "ANTHROPIC_BASE_URL",
             .key_setting = "ANTHROPIC_API_KEY",
             .schema_use = SchemaUse::enforced,
             .new_models_see = true},
    Provider{.name = "gemini",
             .format = WireFormat::gemini,
             .default_base_url = "https://generativelanguage.googleapis.com/v1beta",
             .base_url_setting = "GEMINI_BASE_URL",
             .key_setting = "GEMINI_API_KEY",
             .schema_use = SchemaUse::enforced,
             .new_models_see = true},
    Provider{.name = "openrouter",
             .default_base_url = "https://openrouter.ai/api/v1",
             .base_url_setting = "OPENROUTER_BASE_URL",
             .key_setting = "OPENROUTER_API_KEY",
             .takes_attribution = true,
             .schema_use = SchemaUse::enforced_and_told},
    Provider{.name = "hf",
             .default_base_url = "https://router.huggingface.co/v1",
             .base_url_setting = "HF_BASE_URL",
             .key_setting = "HF_TOKEN",
             .schema_use = SchemaUse::enforced_and_told},
    Provider{.name = "deepseek",
             .default_base_url = "https://api.deepseek.com/v1",
             .base_url_setting = "DEEPSEEK_BASE_URL",
             .key_setting = "DEEPSEEK_API_KEY",
             .schema_use = SchemaUse::json_object_and_told},
    Provider{.name = "groq",
             .default_base_url = "https://api.groq.com/openai/v1",
             .base_url_setting = "GROQ_BASE_URL",
             .key_setting = "GROQ_API_KEY"},
    Provider{.name = "mistral",
             .default_base_url = "https://api.mistral.ai/v1",
             .base_url_setting = "MISTRAL_BASE_URL",
             .key_setting = "MISTRAL_API_KEY",
             .takes_stream_options = false,
             .schema_use = SchemaUse::enforced},
    Provider{.name = "ollama",
             .default_base_url = "http://127.0.0.1:11434/v1",
             .base_url_setting = "OLLAMA_BASE_URL",
             .key_setting = "OLLAMA_API_KEY",
             .needs_key = false,
             .schema_use = SchemaUse::enforced_and_told,
             .fetches_images = false},
    Provider{.name = "llamacpp",
             .default_base_url = "http://127.0.0.1:8080/v1",
             .base_url_setting = "LLAMACPP_BASE_URL",
             .key_setting = "LLAMACPP_API_KEY",
             .needs_key = false,
             .schema_use = SchemaUse::enforced_and_told},
    // Any other server that speaks OpenAI's protocol.
    Provider{.name = "custom",
             .default_base_url = "",
             .base_url_setting = "CUSTOM_BASE_URL",
             .key_setting = "CUSTOM_API_KEY",
             .needs_key = false,
             .schema_use = SchemaUse::enforced_and_told},
    Provider{.name = "local",
             .default_base_url = "",
             .base_url_setting = "LOCAL_BASE_URL",
             .key_setting = "LOCAL_API_KEY",
             .needs_key = false,
             .schema_use = SchemaUse::enforced_and_told},
};

// Nullptr for a name that no provider has.
constexpr const Provider* find_provider(std::string_view name) {
  for (const auto& provider : kProviders) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

}  // namespace fabula::llm
