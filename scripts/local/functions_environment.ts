// The functions' settings: URLs, keys, and the developer's own settings.
import type { Keys } from "./keys.ts";
import type { Environment, RemoteSupabase } from "./settings.ts";

/**
 * All settings of the functions (shared/settings/table.hpp), except those of their Supabase, which
 * are set below. tests/unit/settings_table.cpp compares this with the table.
 */
const PASSED_ON = new Set([
  "SUPABASE_JWKS",
  "SUPABASE_JWKS_URL",
  "FABULA_ENV",
  "FABULA_JWT_SECRET",
  "FABULA_PREVIOUS_JWT_SECRET",
  "FABULA_JWT_ISSUER",
  "FABULA_ISSUERS",
  "FABULA_ALLOWED_ORIGINS",
  "FABULA_METRICS_TOKEN",
  "FABULA_PREVIOUS_METRICS_TOKEN",
  "FABULA_ENCRYPTION_KEY",
  "FABULA_PREVIOUS_ENCRYPTION_KEY",
  "FABULA_GUESTS",
  "FABULA_LIMITS",
  "FABULA_PLAN_CLAIM",
  "FABULA_CLIENT_ADDRESS_HEADER",
  "FABULA_RATE_LIMITS",
  "MODEL_CHAT",
  "MODEL_DESCRIPTION",
  "MODEL_SCENE",
  "MODEL_SUMMARY",
  "MODEL_DOSSIER",
  "MODEL_MEMORY",
  "MODEL_STORY",
  "MODEL_IMAGE",
  "MODEL_STREAM",
  "MODEL_REALTIME",
  "MODEL_COMPANION",
  "FABULA_MODELS",
  "SYSTEM_PROMPT",
  "FABULA_SYSTEM_PROMPT",
  "FABULA_STORAGE_BUCKET",
  "SUPABASE_STORAGE_BUCKET",
  "FABULA_ILLUSTRATIONS_BUCKET",
  "FABULA_VISION_MODELS",
  "FABULA_BOT_MODELS",
  "FABULA_PUBLIC_BOTS",
  "FABULA_UPSTREAM_HOSTS",
  "FABULA_ATTACHMENT_HOSTS",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
  "GEMINI_API_KEY",
  "GEMINI_BASE_URL",
  "OPENROUTER_API_KEY",
  "OPENROUTER_BASE_URL",
  "HF_TOKEN",
  "HF_BASE_URL",
  "DEEPSEEK_API_KEY",
  "DEEPSEEK_BASE_URL",
  "GROQ_API_KEY",
  "GROQ_BASE_URL",
  "MISTRAL_API_KEY",
  "MISTRAL_BASE_URL",
  "OLLAMA_API_KEY",
  "OLLAMA_BASE_URL",
  "LLAMACPP_API_KEY",
  "LLAMACPP_BASE_URL",
  "CUSTOM_API_KEY",
  "CUSTOM_BASE_URL",
  "LOCAL_API_KEY",
  "LOCAL_BASE_URL",
  "HTTP_REFERER",
  "X_TITLE",
  "FABULA_HISTORY_TOKENS",
  "FABULA_MAX_OUTPUT_TOKENS",
  "FABULA_DOSSIER_MAX_OUTPUT_TOKENS",
  "FABULA_FIRST_TOKEN_TIMEOUT_MS",
  "FABULA_IDLE_TIMEOUT_MS",
  "FABULA_TIME_LIMIT_MS",
  "FABULA_COALESCE_MS",
  "FABULA_TASKS_TIME_LIMIT_MS",
  "FABULA_STORY_WAIT_MS",
  "FABULA_REALTIME_LEFT_SECONDS",
  "FABULA_DELETED_DAYS",
  "FABULA_SOCKET_SUBREQUESTS",
  "FABULA_TURN_SUBREQUESTS",
  "FABULA_TOOLS",
  "FABULA_MODES",
]);

/** The developer's own settings that the functions know. */
export function callersSettings(environment: Environment): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (PASSED_ON.has(name) && value !== undefined) settings[name] = value;
  }
  return settings;
}

/** For the embedded Supabase, whose direct URL saves each call of the functions a detour. */
export function embeddedSupabaseSettings(
  originUrl: string,
  databaseUrl: string,
  keys: Keys,
): Record<string, string> {
  return {
    ...namedKeys(originUrl, keys.publishableKey, keys.secretKey),
    SUPABASE_REST_URL: `${databaseUrl}/rest/v1`,
    FABULA_JWT_SECRET: keys.jwtSecret,
    FABULA_ENCRYPTION_KEY: keys.encryptionKey,
  };
}

export function remoteSupabaseSettings(supabase: RemoteSupabase): Record<string, string> {
  return namedKeys(supabase.url, supabase.publishableKey, supabase.secretKey);
}

function namedKeys(url: string, publishableKey: string, secretKey: string): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
  };
}
