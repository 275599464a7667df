// All settings that the functions read, on every platform. README.md documents the same settings
// (tests/unit/settings_table.cpp compares the two).
#pragma once

#include <array>
#include <string_view>

#include "shared/settings/setting.hpp"

namespace fabula::settings {

inline constexpr std::array kSettings = {
    // The addresses and keys of Supabase.
    Setting{.name = "SUPABASE_URL", .type = Type::url, .purpose = "The Supabase project."},
    Setting{.name = "SUPABASE_REST_URL",
            .type = Type::url,
            .purpose = "Its REST API; without it below SUPABASE_URL."},
    Setting{.name = "SUPABASE_SECRET_KEYS",
            .older_names = {"SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_KEY"},
            .type = Type::secret,
            .purpose = "The keys that the functions send to REST: JSON of name to key, `default` "
                       "first. The older names hold one key."},
    Setting{.name = "SUPABASE_PUBLISHABLE_KEYS",
            .older_names = {"SUPABASE_ANON_KEY", "SUPABASE_KEY"},
            .type = Type::json,
            .purpose = "The keys that pages send, in the same form; they identify no user."},

    // Callers and their tokens.
    Setting{.name = "SUPABASE_JWKS",
            .type = Type::json,
            .purpose = "The public keys of Supabase's tokens."},
    Setting{.name = "SUPABASE_JWKS_URL",
            .type = Type::url,
            .purpose = "The address of those keys; without it below SUPABASE_URL."},
    Setting{.name = "FABULA_ENV",
            .normal = "production",
            .purpose = "production, or development, which allows models on loopback."},
    Setting{.name = "FABULA_JWT_SECRET",
            .type = Type::secret,
            .purpose = "The secret of HS256 tokens, which are refused without it."},
    Setting{.name = "FABULA_JWT_ISSUER",
            .type = Type::url,
            .purpose = "The issuer in Supabase's tokens, if functions reach it by another name."},
    Setting{.name = "FABULA_ISSUERS",
            .type = Type::json,
            .normal = "[]",
            .purpose = "Other issuers whose users may call."},
    Setting{.name = "FABULA_ALLOWED_ORIGINS",
            .type = Type::list,
            .normal = "*",
            .purpose = "Origins that browsers may call from."},
    Setting{.name = "FABULA_METRICS_TOKEN",
            .type = Type::secret,
            .purpose = "A bearer that may read /stream/metrics, besides the secret key."},
    Setting{.name = "FABULA_RATE_LIMITS",
            .type = Type::list,
            .purpose = "Turns of one caller as name=requests/seconds or name=off."},

    // Models.
    Setting{.name = "MODEL_CHAT",
            .type = Type::route,
            .normal = "openai:gpt-4o-mini",
            .purpose = "The models of the chat, and of all work that has no models of its own."},
    Setting{.name = "MODEL_DESCRIPTION",
            .type = Type::route,
            .normal = "gemini:gemini-2.5-flash",
            .purpose = "The models for the task `description`."},
    Setting{.name = "MODEL_SCENE",
            .type = Type::route,
            .normal = "anthropic:claude-sonnet-4-5",
            .purpose = "The models for the task `scene`."},
    Setting{.name = "MODEL_SUMMARY",
            .type = Type::route,
            .purpose = "The models that write summaries of long conversations."},
    Setting{.name = "MODEL_DOSSIER",
            .type = Type::route,
            .normal = "openai:gpt-4o",
            .purpose = "The models that read conversations and imports for the dossier."},
    Setting{.name = "MODEL_STREAM",
            .type = Type::route,
            .purpose = "The models for bots that do not say where their model is."},
    Setting{.name = "MODEL_COMPANION",
            .type = Type::route,
            .normal = "openrouter:nousresearch/hermes-3-llama-3.1-70b",
            .purpose = "The models for companions."},
    Setting{.name = "FABULA_MODELS",
            .type = Type::list,
            .purpose = "Models that requests and characters may name."},
    Setting{.name = "SYSTEM_PROMPT",
            .purpose = "What companions without a character are told that they are."},
    Setting{.name = "FABULA_STORAGE_BUCKET",
            .older_names = {"SUPABASE_STORAGE_BUCKET"},
            .normal = "conversations",
            .purpose = "The bucket in Storage for copies of conversations with companions."},
    Setting{.name = "FABULA_VISION_MODELS",
            .type = Type::list,
            .purpose = "Further models that take images."},
    Setting{.name = "FABULA_BOT_MODELS",
            .type = Type::list,
            .purpose = "Models that bots without a key of their own may use."},
    Setting{.name = "FABULA_UPSTREAM_HOSTS",
            .type = Type::list,
            .purpose = "Hosts that bots and attachments may name, besides known providers'."},

    // Addresses and keys of providers (shared/llm/route/providers.hpp has the usual addresses).
    Setting{.name = "OPENAI_API_KEY", .type = Type::secret, .purpose = "The key for openai."},
    Setting{.name = "OPENAI_BASE_URL", .type = Type::url, .purpose = "Where openai is."},
    Setting{.name = "ANTHROPIC_API_KEY", .type = Type::secret, .purpose = "The key for anthropic."},
    Setting{.name = "ANTHROPIC_BASE_URL", .type = Type::url, .purpose = "Where anthropic is."},
    Setting{.name = "GEMINI_API_KEY", .type = Type::secret, .purpose = "The key for gemini."},
    Setting{.name = "GEMINI_BASE_URL", .type = Type::url, .purpose = "Where gemini is."},
    Setting{
        .name = "OPENROUTER_API_KEY", .type = Type::secret, .purpose = "The key for openrouter."},
    Setting{.name = "OPENROUTER_BASE_URL", .type = Type::url, .purpose = "Where openrouter is."},
    Setting{.name = "HF_TOKEN", .type = Type::secret, .purpose = "The key for hf."},
    Setting{.name = "HF_BASE_URL", .type = Type::url, .purpose = "Where hf is."},
    Setting{.name = "DEEPSEEK_API_KEY", .type = Type::secret, .purpose = "The key for deepseek."},
    Setting{.name = "DEEPSEEK_BASE_URL", .type = Type::url, .purpose = "Where deepseek is."},
    Setting{.name = "GROQ_API_KEY", .type = Type::secret, .purpose = "The key for groq."},
    Setting{.name = "GROQ_BASE_URL", .type = Type::url, .purpose = "Where groq is."},
    Setting{.name = "MISTRAL_API_KEY", .type = Type::secret, .purpose = "The key for mistral."},
    Setting{.name = "MISTRAL_BASE_URL", .type = Type::url, .purpose = "Where mistral is."},
    Setting{.name = "OLLAMA_API_KEY", .type = Type::secret, .purpose = "The key for ollama."},
    Setting{.name = "OLLAMA_BASE_URL", .type = Type::url, .purpose = "Where ollama is."},
    Setting{.name = "LLAMACPP_API_KEY", .type = Type::secret, .purpose = "The key for llamacpp."},
    Setting{.name = "LLAMACPP_BASE_URL", .type = Type::url, .purpose = "Where llamacpp is."},
    Setting{.name = "CUSTOM_API_KEY", .type = Type::secret, .purpose = "The key for custom."},
    Setting{.name = "CUSTOM_BASE_URL", .type = Type::url, .purpose = "Where custom is."},
    Setting{.name = "LOCAL_API_KEY", .type = Type::secret, .purpose = "The key for local."},
    Setting{.name = "LOCAL_BASE_URL", .type = Type::url, .purpose = "Where local is."},
    Setting{.name = "HTTP_REFERER",
            .type = Type::url,
            .purpose = "The page that OpenRouter shows as the caller's."},
    Setting{.name = "X_TITLE", .purpose = "The name that OpenRouter shows as the caller's."},

    // Budgets, limits and deadlines.
    Setting{.name = "FABULA_HISTORY_TOKENS",
            .type = Type::integer,
            .lowest = 0,
            .highest = 1'000'000,
            .normal = "12000",
            .purpose = "The tokens of a conversation that the model is sent."},
    Setting{.name = "FABULA_MAX_OUTPUT_TOKENS",
            .type = Type::integer,
            .lowest = 1,
            .highest = 100'000,
            .normal = "2000",
            .purpose = "The most tokens of a reply."},
    Setting{.name = "FABULA_DOSSIER_MAX_OUTPUT_TOKENS",
            .type = Type::integer,
            .lowest = 1,
            .highest = 100'000,
            // A long chapter has a few hundred items of thirty tokens each. Some models refuse a
            // higher limit; the whole items of an answer that is cut off are kept.
            .normal = "8000",
            .purpose = "The most tokens of an answer to reading a text for the dossier."},
    Setting{.name = "FABULA_FIRST_TOKEN_TIMEOUT_MS",
            .type = Type::integer,
            .lowest = 100,
            .highest = 600'000,
            .normal = "60000",
            .purpose = "How long a model may be silent before its first word."},
    Setting{.name = "FABULA_IDLE_TIMEOUT_MS",
            .type = Type::integer,
            .lowest = 100,
            .highest = 600'000,
            .normal = "60000",
            .purpose = "How long it may be silent between its words."},
    Setting{.name = "FABULA_TIME_LIMIT_MS",
            .type = Type::integer,
            .lowest = 100,
            .highest = 3'600'000,
            .normal = "120000",
            .purpose = "How long a whole reply may take."},
    Setting{.name = "FABULA_COALESCE_MS",
            .type = Type::integer,
            .lowest = 0,
            .highest = 1000,
            .normal = "100",
            .purpose = "How long text may wait for more text, to be sent as one write."},
    Setting{.name = "FABULA_TASKS_TIME_LIMIT_MS",
            .type = Type::integer,
            .lowest = 1000,
            .highest = 570'000,
            // Platforms end a call after a minute or two.
            .normal = "50000",
            .purpose = "How long one call of /tasks/run works."},
};

// The row with this name or older name; nullptr when there is none.
constexpr const Setting* find(std::string_view name) {
  for (const auto& setting : kSettings) {
    if (setting.name == name) return &setting;
    for (const auto older : setting.older_names) {
      if (!older.empty() && older == name) return &setting;
    }
  }
  return nullptr;
}

// The same at compile time: an unknown name does not compile.
consteval const Setting& named(std::string_view name) { return *find(name); }

}  // namespace fabula::settings
