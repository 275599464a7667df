// @ts-check
// Reads the environment as settings: the valid values, and the messages about invalid ones.
import { resolve } from "node:path";
import { readAllowedCallers } from "./callers.mjs";
import { checkFunctionsSettings } from "./functions_settings.mjs";
import { checkModelSettings } from "./model_settings.mjs";
import { StartError } from "./start_error.mjs";

/** @import { Environment, RemoteSupabase, Runtime, Settings } from "./settings.ts" */

const DEFAULT_PORT = 54321;

/**
 * @param {string} root
 * @param {Environment} environment
 * @returns {Settings}
 */
export function readSettings(root, environment) {
  checkModelSettings(environment);
  checkFunctionsSettings(environment);
  /** @type {Settings} */
  const settings = {
    port: readPort(environment["FABULA_PORT"]),
    runtime: readRuntime(environment["FABULA_RUNTIME"]),
    dataDir: readDataDir(root, environment),
    watch: readWatch(environment["FABULA_WATCH"]),
    callers: readAllowedCallers(environment),
  };
  const supabase = readRemoteSupabase(environment);
  const databaseUrl = environment["DATABASE_URL"];
  if (supabase && databaseUrl) {
    throw new StartError("SUPABASE_URL and DATABASE_URL are both set: unset one.");
  }
  if (supabase) settings.supabase = supabase;
  if (databaseUrl) settings.databaseUrl = readDatabaseUrl(databaseUrl);
  return settings;
}

/**
 * @param {string} root
 * @param {Environment} environment
 * @returns {string}
 */
export function readDataDir(root, environment) {
  return resolve(root, environment["FABULA_DATA_DIR"] || ".fabula");
}

/**
 * @param {string | undefined} text
 * @returns {number}
 */
function readPort(text) {
  if (!text) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new StartError(`"${text}" is no port: --port (FABULA_PORT) takes 1 to 65535.`);
  }
  return port;
}

/**
 * Absent: off, for starting the server without `./scripts/dev`.
 * @param {string | undefined} text
 * @returns {boolean}
 */
function readWatch(text) {
  if (text && text !== "on" && text !== "off") {
    throw new StartError(`"${text}" says nothing of watching: FABULA_WATCH is on or off.`);
  }
  return text === "on";
}

/**
 * @param {string | undefined} text
 * @returns {Runtime}
 */
function readRuntime(text) {
  if (!text) return "deno";
  if (text !== "deno" && text !== "workerd") {
    throw new StartError(`"${text}" is no runtime: --runtime (FABULA_RUNTIME) is deno or workerd.`);
  }
  return text;
}

/**
 * @param {string} text
 * @returns {string}
 */
function readDatabaseUrl(text) {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocol !== "postgres:" && protocol !== "postgresql:") {
    throw new StartError("DATABASE_URL must look like postgresql://user:password@host/database.");
  }
  return text;
}

/**
 * @param {Environment} environment
 * @returns {RemoteSupabase | undefined}
 */
function readRemoteSupabase(environment) {
  const url = environment["SUPABASE_URL"];
  if (!url) return undefined;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new StartError("SUPABASE_URL must look like https://project.supabase.co.");
  }
  const publishableKey = firstKey(environment, "SUPABASE_PUBLISHABLE_KEYS", [
    "SUPABASE_ANON_KEY",
    "SUPABASE_KEY",
  ]);
  const secretKey = firstKey(environment, "SUPABASE_SECRET_KEYS", [
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_SERVICE_KEY",
  ]);
  if (!publishableKey || !secretKey) {
    const missing = publishableKey ? "SUPABASE_SECRET_KEYS" : "SUPABASE_PUBLISHABLE_KEYS";
    throw new StartError(
      `SUPABASE_URL is set but ${missing} is not: set it to {"default":"..."}, ` +
        "or unset SUPABASE_URL to use the embedded database.",
    );
  }
  return { url: url.replace(/\/+$/, ""), publishableKey, secretKey };
}

/**
 * The newer setting is a JSON object of named keys; the older ones are one key each.
 * @param {Environment} environment
 * @param {string} named
 * @param {string[]} single
 * @returns {string | undefined}
 */
function firstKey(environment, named, single) {
  const json = environment[named];
  if (json) {
    try {
      const keys = /** @type {Record<string, unknown>} */ (JSON.parse(json));
      const key = keys["default"] ?? Object.values(keys)[0];
      if (typeof key === "string" && key) return key;
    } catch {
      // Continues with the message below, which does not show the value, because it may be a
      // secret.
    }
    throw new StartError(`${named} must be a JSON object such as {"default":"..."}.`);
  }
  return single.map((name) => environment[name]).find(Boolean);
}
