// The embedded Supabase, called over HTTP with the secret key, as the functions do.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDatabase, type DatabaseOptions } from "../../scripts/local/database.ts";
import { prepareFiles } from "./prepared_files.ts";
import { Refusal, type Row, type Target } from "./target.ts";

export const PUBLISHABLE_KEY = "sb_publishable_tests_tests_tests_00";
export const SECRET_KEY = "sb_secret_tests_tests_tests_tests_00";
/** Signs users' tokens. */
export const JWT_SECRET = "a secret for the tokens of these tests alone";

export interface RestTarget extends Target {
  url: string;
  log: string[];
}

export async function startRestTarget(root: string, databaseUrl?: string): Promise<RestTarget> {
  const dataDir = await mkdtemp(join(tmpdir(), "fabula-embedded-"));
  const log: string[] = [];
  if (!databaseUrl) await prepareFiles(databaseOptions(root, dataDir));
  const database = await startDatabase({
    ...databaseOptions(root, dataDir),
    ...(databaseUrl && { databaseUrl }),
    log: (line) => log.push(line),
  });
  const rest = `${database.url}/rest/v1`;
  return {
    url: database.url,
    log,
    call: (name, request) => send("POST", `${rest}/rpc/${name}`, { request }),
    select: async (table, where) =>
      (await send("GET", `${rest}/${table}?${filters(where)}`)) as Row[],
    update: async (table, where, values) =>
      void (await send("PATCH", `${rest}/${table}?${filters(where)}`, values)),
    stop: async () => {
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function databaseOptions(root: string, dataDir: string): DatabaseOptions {
  return {
    root,
    dataDir,
    port: 0,
    publishableKey: PUBLISHABLE_KEY,
    secretKey: SECRET_KEY,
    jwtSecret: JWT_SECRET,
    log: () => {},
  };
}

async function send(method: string, url: string, body?: object): Promise<any> {
  const headers: Record<string, string> = { apikey: SECRET_KEY };
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(url, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? undefined : JSON.parse(text);
  if (response.ok) return answer;
  if (/^PT\d{3}$/.test(answer?.code)) {
    throw new Refusal(response.status, answer.details, answer.message, answer.hint ?? "");
  }
  throw new Error(`${method} ${url}: ${response.status} ${text}`);
}

function filters(where: Row): string {
  return new URLSearchParams(
    Object.entries(where).map(([column, value]) => [column, `eq.${value}`]),
  ).toString();
}
