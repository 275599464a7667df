// The settings of the development server, read once from the environment. `./scripts/dev` turns its
// options into the FABULA_ variables read here. The rules are plain JavaScript, because they are
// checked before TypeScript can be compiled.
export { readDataDir, readSettings } from "./settings_rules.mjs";

export type Environment = Readonly<Record<string, string | undefined>>;
export type Runtime = "deno" | "workerd";

/** A Supabase project to use instead of the embedded one. */
export interface RemoteSupabase {
  url: string;
  publishableKey: string;
  secretKey: string;
}

/** Pages and names besides those of this machine. */
export interface AllowedCallers {
  /** Origins of pages, in lower case and without a slash at the end; `*`: all. */
  origins: "*" | readonly string[];
  /** Names of hosts without ports, in the form of `URL.hostname`; also pages that they serve may call. */
  hosts: readonly string[];
}

export interface Settings {
  port: number;
  runtime: Runtime;
  /** Absolute; contains database, model, keys and logs. */
  dataDir: string;
  /** Whether the functions are built and loaded again when their sources change. */
  watch: boolean;
  callers: AllowedCallers;
  /** A PostgreSQL server to use instead of the embedded one. */
  databaseUrl?: string;
  /** Excludes `databaseUrl`. */
  supabase?: RemoteSupabase;
}
