// The providers of models, and the differences between their requests.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/llm/stream/wire_format.hpp"

namespace fabula::llm {

// The request's field that limits the reply's length.
enum class TokenLimitField : std::uint8_t { max_tokens, max_completion_tokens };

// How a provider makes an answer follow a JSON schema.
enum class SchemaUse : std::uint8_t {
  enforced,              // by the request's own field; the prompt says nothing
  enforced_and_told,     // both: some backends ignore the field, or hide it from the model
  json_object_and_told,  // the field enforces any JSON object, the system prompt describes which
  told,                  // by the system prompt alone
};

struct Provider {
  std::string_view name;  // the name in routes
  WireFormat format = WireFormat::openai;
  std::string_view default_base_url;  // "": must be set
  std::string_view base_url_setting;
  std::string_view key_setting;
  bool needs_key = true;
  TokenLimitField token_limit_field = TokenLimitField::max_tokens;
  bool takes_stream_options = true;  // Mistral answers 422 to it, and sends usage without it
  bool pads_chunks = false;          // OpenAI's `obfuscation`, which can be declined
  bool takes_attribution = false;    // OpenRouter's HTTP-Referer and X-Title
  SchemaUse schema_use = SchemaUse::told;
  // The default for models that model_abilities.cpp does not know: makers of model families only
  // make new models that take images, but a hosted model may be anything.
  bool new_models_see = false;
  bool fetches_images = true;  // images given by URL
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

// The provider with this name, or nullptr.
constexpr const Provider* find_provider(std::string_view name) {
  for (const auto& provider : kProviders) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

}  // namespace fabula::llm
