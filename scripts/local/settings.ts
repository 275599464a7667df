// The settings of the development server, read once from the environment. `./scripts/dev` turns its
// options into the FABULA_ variables read here.
import { resolve } from "node:path";
import { StartError } from "./part.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type Runtime = "deno" | "workerd";

/** A Supabase project that is used instead of the embedded one. */
export interface RemoteSupabase {
  url: string;
  publishableKey: string;
  secretKey: string;
}

export interface Settings {
  port: number;
  runtime: Runtime;
  /** Absolute; database, model, keys and logs live below it. */
  dataDir: string;
  /** A PostgreSQL server to use instead of the embedded one. */
  databaseUrl?: string;
  /** Excludes `databaseUrl`. */
  supabase?: RemoteSupabase;
}

const DEFAULT_PORT = 54321;

export function readSettings(root: string, environment: Environment): Settings {
  const settings: Settings = {
    port: readPort(environment["FABULA_PORT"]),
    runtime: readRuntime(environment["FABULA_RUNTIME"]),
    dataDir: readDataDir(root, environment),
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

export function readDataDir(root: string, environment: Environment): string {
  return resolve(root, environment["FABULA_DATA_DIR"] || ".fabula");
}

function readPort(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new StartError(`"${text}" is no port: --port (FABULA_PORT) takes 1 to 65535.`);
  }
  return port;
}

function readRuntime(text: string | undefined): Runtime {
  if (!text) return "deno";
  if (text !== "deno" && text !== "workerd") {
    throw new StartError(`"${text}" is no runtime: --runtime (FABULA_RUNTIME) is deno or workerd.`);
  }
  return text;
}

function readDatabaseUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocol !== "postgres:" && protocol !== "postgresql:") {
    throw new StartError("DATABASE_URL must look like postgresql://user:password@host/database.");
  }
  return text;
}

function readRemoteSupabase(environment: Environment): RemoteSupabase | undefined {
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

// The newer setting is a JSON object of named keys; the older ones are one key each.
function firstKey(environment: Environment, named: string, single: string[]): string | undefined {
  const json = environment[named];
  if (json) {
    try {
      const keys = JSON.parse(json) as Record<string, unknown>;
      const key = keys["default"] ?? Object.values(keys)[0];
      if (typeof key === "string" && key) return key;
    } catch {
      // Falls through to the message below: what it holds is not shown, it may be a secret.
    }
    throw new StartError(`${named} must be a JSON object such as {"default":"..."}.`);
  }
  return single.map((name) => environment[name]).find(Boolean);
}
