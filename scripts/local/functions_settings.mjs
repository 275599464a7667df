// @ts-check
// Checks the functions' settings, except those of models, as far as possible before anything runs.
import { StartError } from "./start_error.mjs";

/** @import { Environment } from "./settings.ts" */

/** The bounds of numeric settings, as in shared/settings/table.hpp; tests/origin/settings.test.ts compares them. */
export const NUMBERS = new Map([
  ["FABULA_HISTORY_TOKENS", [0, 1_000_000]],
  ["FABULA_MAX_OUTPUT_TOKENS", [1, 100_000]],
  ["FABULA_DOSSIER_MAX_OUTPUT_TOKENS", [1, 100_000]],
  ["FABULA_FIRST_TOKEN_TIMEOUT_MS", [100, 600_000]],
  ["FABULA_IDLE_TIMEOUT_MS", [100, 600_000]],
  ["FABULA_TIME_LIMIT_MS", [100, 3_600_000]],
  ["FABULA_COALESCE_MS", [0, 1000]],
  ["FABULA_TURN_SUBREQUESTS", [40, 10_000_000]],
  ["FABULA_SOCKET_SUBREQUESTS", [40, 10_000_000]],
  ["FABULA_TASKS_TIME_LIMIT_MS", [1000, 570_000]],
  ["FABULA_STORY_WAIT_MS", [100, 300_000]],
  ["FABULA_REALTIME_LEFT_SECONDS", [1, 86_400]],
  ["FABULA_DELETED_DAYS", [0, 3650]],
]);

/** Whether each has the form that its example shows; a secret's value is never shown. */
const FORMS = [
  form(["FABULA_PUBLIC_BOTS"], /^(on|off)$/, "on or off"),
  form(["FABULA_ENCRYPTION_KEY", "FABULA_PREVIOUS_ENCRYPTION_KEY"], /^[\da-f]{64}$/i, "64 hexadecimal digits, as openssl rand -hex 32 writes them"),
  form(["FABULA_ENV"], /^(production|development)$/, "production or development"),
  form(["FABULA_ALLOWED_ORIGINS"], listOf(/^(\*|[a-z][a-z\d+.-]*:\/\/[^\s/?#@*\\]+\/?)?$/i), "* or origins such as https://app.example"),
  form(["FABULA_RATE_LIMITS"], listOf(/^[^=]+=\s*(off|[1-9]\d{0,5}\/[1-9]\d{0,5})$/), "limits such as stream=5/60,chat=off"),
  form(["FABULA_UPSTREAM_HOSTS", "FABULA_ATTACHMENT_HOSTS"], listOf(/^(([^\s/:]+|\[[^\s/]+\])(:\d{1,5})?)?$/), "hosts such as models.example.com"),
  form(["FABULA_PLAN_CLAIM"], /^(?!(user|unsafe)_metadata)[^.\s](.*[^.])?$/, "the path of a claim that users cannot write, such as app_metadata.plan"),
  form(["FABULA_ISSUERS", "FABULA_TOOLS"], (text) => Array.isArray(parsed(text)), "a JSON array"),
  form(["FABULA_MODES", "SUPABASE_JWKS"], isObject, "a JSON object"),
  form(["SUPABASE_JWKS_URL", "FABULA_JWT_ISSUER", "HTTP_REFERER"], isAddress, "an address such as https://app.example"),
];
const KEYS = /^([A-Z]+_API_KEY|HF_TOKEN|FABULA_(PREVIOUS_)?METRICS_TOKEN)$/;

/**
 * Throws a StartError of one line for the first setting that no function could use.
 * @param {Environment} environment
 */
export function checkFunctionsSettings(environment) {
  for (const [name, value] of Object.entries(environment)) {
    const text = value?.trim();
    if (!text) continue;
    const wrong = FORMS.find(({ names, isGood }) => names.includes(name) && !isGood(text));
    if (wrong) throw new StartError(`${name} must be ${wrong.example}.`);
    const [lowest = 0, highest = 0] = NUMBERS.get(name) ?? [];
    if (NUMBERS.has(name) && !isNumberWithin(text, lowest, highest)) {
      throw new StartError(`${name} must be a whole number from ${lowest} to ${highest}, not "${text}".`);
    }
    if (KEYS.test(name) && !/^[!-~]+$/.test(text)) {
      throw new StartError(`${name} holds spaces or other characters that no key has: set it again.`);
    }
  }
}

/**
 * @param {string[]} names
 * @param {RegExp | ((text: string) => boolean)} rule
 * @param {string} example
 */
function form(names, rule, example) {
  return { names, isGood: rule instanceof RegExp ? (/** @type {string} */ text) => rule.test(text) : rule, example };
}

/**
 * @param {RegExp} entry
 * @returns {(text: string) => boolean}
 */
function listOf(entry) {
  return (text) => text.split(",").every((each) => entry.test(each.trim()));
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} text */
function isObject(text) {
  const value = parsed(text);
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {string} text */
function isAddress(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * @param {string} text
 * @param {number} lowest
 * @param {number} highest
 */
function isNumberWithin(text, lowest, highest) {
  return /^\d{1,9}$/.test(text) && Number(text) >= lowest && Number(text) <= highest;
}
