// @ts-check
// The valid values of the settings of models, as far as they can be checked before anything runs.
import { StartError } from "./start_error.mjs";

/** @import { Environment } from "./settings.ts" */

/**
 * The providers of shared/llm/route/providers.hpp, in the same order, with the key that each needs unless its
 * address is set;
 * tests/origin/settings.test.ts compares them.
 */
export const KEYS = new Map([
  ["openai", "OPENAI_API_KEY"],
  ["anthropic", "ANTHROPIC_API_KEY"],
  ["gemini", "GEMINI_API_KEY"],
  ["openrouter", "OPENROUTER_API_KEY"],
  ["hf", "HF_TOKEN"],
  ["deepseek", "DEEPSEEK_API_KEY"],
  ["groq", "GROQ_API_KEY"],
  ["mistral", "MISTRAL_API_KEY"],
  ["ollama", undefined],
  ["llamacpp", undefined],
  ["custom", undefined],
  ["local", undefined],
]);

export const PROVIDERS = [...KEYS.keys()];

const ROUTES = /^(MODEL_[A-Z]+|FABULA_MODELS|FABULA_BOT_MODELS|FABULA_VISION_MODELS)$/;
const ADDRESSES = /^[A-Z]+_BASE_URL$/;
/** In bytes of UTF-8, as in shared/settings/table.hpp; tests/origin/settings.test.ts compares them. */
export const LONGEST_TEXTS = new Map([["FABULA_SYSTEM_PROMPT", 16_384]]);

/**
 * Throws a StartError of one line for the first setting that no function could use.
 * @param {Environment} environment
 */
export function checkModelSettings(environment) {
  for (const [name, value] of Object.entries(environment)) {
    const text = value?.trim();
    if (!text) continue;
    if (ROUTES.test(name)) checkRoute(name, text);
    if (name.startsWith("MODEL_")) checkKeys(name, text, environment);
    if (ADDRESSES.test(name) && PROVIDERS.includes(providerOf(name))) checkAddress(name, text);
    const longest = LONGEST_TEXTS.get(name);
    if (longest !== undefined && Buffer.byteLength(value ?? "") > longest) {
      throw new StartError(`${name} must have at most ${longest} bytes of UTF-8.`);
    }
  }
}

/** @param {string} name */
function providerOf(name) {
  return name.replace(/_BASE_URL$/, "").toLowerCase();
}

/**
 * @param {string} name
 * @param {string} text
 */
function checkRoute(name, text) {
  for (const entry of text.split(",").map((each) => each.trim())) {
    const at = entry.indexOf(":");
    const [provider, model] = at < 0 ? ["", ""] : [entry.slice(0, at), entry.slice(at + 1).trim()];
    if (!provider || !model) {
      throw new StartError(
        `${name} has "${entry}", which must be provider:model, such as openai:gpt-4o-mini.`,
      );
    }
    if (!PROVIDERS.includes(provider)) {
      throw new StartError(
        `${name} names an unknown provider, "${provider}": use one of ${PROVIDERS.join(", ")}.`,
      );
    }
  }
}

/**
 * Checks that at least one model of a route has its key or address: the others may be added later.
 * @param {string} name
 * @param {string} text
 * @param {Environment} environment
 */
function checkKeys(name, text, environment) {
  const isSet = (/** @type {string} */ setting) => Boolean(environment[setting]?.trim());
  const providers = text.split(",").map((entry) => entry.trim().split(":", 1)[0] ?? "");
  const missing = providers.map((provider) => {
    const address = `${provider.toUpperCase()}_BASE_URL`;
    if (isSet(address)) return undefined;
    const key = KEYS.get(provider);
    return provider === "custom" ? address : key && !isSet(key) ? key : undefined;
  });
  if (!missing.includes(undefined)) {
    throw new StartError(`${name}=${text} needs ${[...new Set(missing)].join(" or ")}: set it as well.`);
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function checkAddress(name, text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !/[?#]/.test(text);
  if (!isPlain) {
    throw new StartError(`${name} must be an address such as http://127.0.0.1:1234/v1.`);
  }
}
