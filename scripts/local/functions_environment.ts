// The settings that the functions see: addresses, keys, and what the developer has set.
import type { Keys } from "./keys.ts";
import type { Environment, RemoteSupabase } from "./settings.ts";

/** Read by the development server itself; nothing to the functions. */
const OWN_SETTINGS = new Set(["FABULA_PORT", "FABULA_RUNTIME", "FABULA_DATA_DIR", "FABULA_WATCH"]);

const PASSED_ON = [
  /^FABULA_/,
  /^MODEL_/,
  /^(OPENAI|ANTHROPIC|GEMINI|OPENROUTER|HF|DEEPSEEK|GROQ|MISTRAL|LOCAL|OLLAMA|LLAMACPP|CUSTOM)_(API_KEY|BASE_URL|TOKEN)$/,
  /^SUPABASE_(JWKS|JWKS_URL|STORAGE_BUCKET)$/,
  /^(SYSTEM_PROMPT|HTTP_REFERER|X_TITLE)$/,
];

/** The developer's own settings, as far as the functions know them. */
export function callersSettings(environment: Environment): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const isPassedOn = PASSED_ON.some((pattern) => pattern.test(name)) && !OWN_SETTINGS.has(name);
    if (isPassedOn && value !== undefined) settings[name] = value;
  }
  return settings;
}

/** For the embedded Supabase, whose own address saves each call of the functions a way round. */
export function embeddedSupabaseSettings(
  originUrl: string,
  databaseUrl: string,
  keys: Keys,
): Record<string, string> {
  return {
    ...namedKeys(originUrl, keys.publishableKey, keys.secretKey),
    SUPABASE_REST_URL: `${databaseUrl}/rest/v1`,
    FABULA_JWT_SECRET: keys.jwtSecret,
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
