// @ts-check
// The valid values of the settings of models, as far as they can be checked before anything runs.
import { StartError } from "./start_error.mjs";

/** @import { Environment } from "./settings.ts" */

/**
 * Those of shared/llm/route/providers.hpp, in the same order; tests/origin/settings.test.ts compares them.
 */
export const PROVIDERS = [
  "openai",
  "anthropic",
  "gemini",
  "openrouter",
  "hf",
  "deepseek",
  "groq",
  "mistral",
  "ollama",
  "llamacpp",
  "custom",
  "local",
];

const ROUTES = /^(MODEL_[A-Z]+|FABULA_MODELS|FABULA_BOT_MODELS|FABULA_VISION_MODELS)$/;
const ADDRESSES = /^[A-Z]+_BASE_URL$/;
/** In bytes of UTF-8, as in shared/settings/table.hpp; tests/origin/settings.test.ts compares them. */
export const LONGEST_TEXTS = new Map([["FABULA_SYSTEM_PROMPT", 16_384]]);
const NUMBERS = /^FABULA_[A-Z_]+_(TOKENS|MS|SECONDS|SUBREQUESTS)$/;

/**
 * Throws a StartError of one line for the first setting that no function could use.
 * @param {Environment} environment
 */
export function checkModelSettings(environment) {
  for (const [name, value] of Object.entries(environment)) {
    const text = value?.trim();
    if (!text) continue;
    if (ROUTES.test(name)) checkRoute(name, text);
    if (ADDRESSES.test(name) && PROVIDERS.includes(providerOf(name))) checkAddress(name, text);
    const longest = LONGEST_TEXTS.get(name);
    if (longest !== undefined && Buffer.byteLength(value ?? "") > longest) {
      throw new StartError(`${name} must have at most ${longest} bytes of UTF-8.`);
    }
    if (NUMBERS.test(name) && !/^\d{1,9}$/.test(text)) {
      throw new StartError(`${name} must be a whole number, not "${text}".`);
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
 * @param {string} name
 * @param {string} text
 */
function checkAddress(name, text) {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new StartError(`${name} must be an address such as http://127.0.0.1:1234/v1.`);
  }
}
