import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { NUMBERS } from "../../scripts/local/functions_settings.mjs";
import { KEYS, LONGEST_TEXTS, PROVIDERS } from "../../scripts/local/model_settings.mjs";
import { readSettings } from "../../scripts/local/settings.ts";

const ROOT = "/project";

test("without any setting: the usual port, deno, .fabula, everything embedded", () => {
  assert.deepEqual(readSettings(ROOT, {}), {
    port: 54321,
    runtime: "deno",
    dataDir: "/project/.fabula",
    watch: false,
    callers: { origins: [], hosts: [] },
  });
});

test("a Supabase project is taken with its keys, of the newer or the older names", () => {
  const expected = { url: "https://a.supabase.co", publishableKey: "p", secretKey: "s" };
  const newer = {
    SUPABASE_URL: "https://a.supabase.co/",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"p"}',
    SUPABASE_SECRET_KEYS: '{"server":"s"}',
  };
  const older = {
    SUPABASE_URL: "https://a.supabase.co",
    SUPABASE_ANON_KEY: "p",
    SUPABASE_SERVICE_ROLE_KEY: "s",
  };
  assert.deepEqual(readSettings(ROOT, newer).supabase, expected);
  assert.deepEqual(readSettings(ROOT, older).supabase, expected);
});

const REFUSED: [string, Record<string, string>, RegExp][] = [
  ["a word as port", { FABULA_PORT: "http" }, /"http" is no port/],
  ["port 0", { FABULA_PORT: "0" }, /takes 1 to 65535/],
  ["port 65536", { FABULA_PORT: "65536" }, /takes 1 to 65535/],
  ["an unknown runtime", { FABULA_RUNTIME: "bun" }, /deno or workerd/],
  ["a word for watching", { FABULA_WATCH: "yes" }, /FABULA_WATCH is on or off/],
  ["a Supabase URL without keys", { SUPABASE_URL: "https://a.co" }, /SUPABASE_PUBLISHABLE_KEYS/],
  ["a Supabase URL that is none", { SUPABASE_URL: "a.co" }, /SUPABASE_URL must look like/],
  ["a database URL that is none", { DATABASE_URL: "mysql://a" }, /DATABASE_URL must look like/],
  [
    "two databases",
    {
      SUPABASE_URL: "https://a.co",
      SUPABASE_ANON_KEY: "p",
      SUPABASE_SERVICE_KEY: "s",
      DATABASE_URL: "postgres://a/b",
    },
    /both set: unset one/,
  ],
  ["a provider that is misspelt", { MODEL_CHAT: "opnai:gpt-4o" }, /^MODEL_CHAT names an unknown provider, "opnai": use one of openai, .+$/],
  ["a second entry that is", { MODEL_DOSSIER: "openai:a, antropic:b" }, /^MODEL_DOSSIER names an unknown provider, "antropic"/],
  ["a model without its provider", { MODEL_STORY: "gpt-4o" }, /^MODEL_STORY has "gpt-4o", which must be provider:model/],
  ["an empty entry", { MODEL_CHAT: "openai:a," }, /^MODEL_CHAT has ""/],
  ["a provider without its model", { MODEL_SCENE: "ollama: " }, /^MODEL_SCENE has "ollama:"/],
  ["an address that is none", { OPENAI_BASE_URL: "localhost:1234" }, /^OPENAI_BASE_URL must be an address/],
  ["a word for a number", { FABULA_HISTORY_TOKENS: "many" }, /^FABULA_HISTORY_TOKENS must be a whole number/],
  ["a fraction", { FABULA_MAX_OUTPUT_TOKENS: "12.5" }, /^FABULA_MAX_OUTPUT_TOKENS must be a whole number from 1 to 100000, not "12.5"\.$/],
  ["a time that is too short", { FABULA_TIME_LIMIT_MS: "5" }, /^FABULA_TIME_LIMIT_MS must be a whole number from 100 to 3600000/],
  ["more than there may be", { FABULA_COALESCE_MS: "5000" }, /^FABULA_COALESCE_MS must .+ 0 to 1000, not "5000"\.$/],
  ["an address with a query", { CUSTOM_BASE_URL: "https://a.example/v1?key=sb_secret_x" }, /^CUSTOM_BASE_URL must be an address/],
  ["an address with a user", { GROQ_BASE_URL: "https://sb_secret_x@a.example" }, /^GROQ_BASE_URL must be an address/],
  ["a hosted model without its key", { MODEL_CHAT: "openai:gpt-4o" }, /^MODEL_CHAT=openai:gpt-4o needs OPENAI_API_KEY: set it as well\.$/],
  ["models without any of their keys", { MODEL_STORY: "gemini:g, hf:m", HF_TOKEN: " " }, /^MODEL_STORY=.+ needs GEMINI_API_KEY or HF_TOKEN: /],
  ["a server of one's own without its address", { MODEL_SUMMARY: "custom:m" }, /^MODEL_SUMMARY=custom:m needs CUSTOM_BASE_URL: /],
  ["a key that was pasted with its name", { OPENAI_API_KEY: "export OPENAI_API_KEY=sb_secret_x" }, /^OPENAI_API_KEY holds spaces/],
  ["an environment that there is not", { FABULA_ENV: "prod" }, /^FABULA_ENV must be production or development\.$/],
  ["a word for public bots", { FABULA_PUBLIC_BOTS: "yes" }, /^FABULA_PUBLIC_BOTS must be on or off\.$/],
  ["an encryption key that is none", { FABULA_ENCRYPTION_KEY: "sb_secret_x" }, /^FABULA_ENCRYPTION_KEY must be 64 hexadecimal digits, as openssl rand -hex 32 writes them\.$/],
  ["an origin without its scheme", { FABULA_ALLOWED_ORIGINS: "https://a.example, b.example" }, /^FABULA_ALLOWED_ORIGINS must be \* or origins/],
  ["an origin with a path", { FABULA_ALLOWED_ORIGINS: "https://a.example/app" }, /^FABULA_ALLOWED_ORIGINS must be/],
  ["a plan that users could choose", { FABULA_PLAN_CLAIM: "user_metadata.plan" }, /^FABULA_PLAN_CLAIM must be the path of a claim that users cannot write, such as app_metadata\.plan\.$/],
  ["a host with its scheme", { FABULA_ALLOWED_HOSTS: "https://a.example" }, /^"https:\/\/a\.example" is no host's name: --allow-host/],
  ["a host with its port", { FABULA_ALLOWED_HOSTS: "b.example, a.example:443" }, /^"a\.example:443" is no host's name/],
  ["all hosts", { FABULA_ALLOWED_HOSTS: "*" }, /^"\*" is no host's name/],
  ["a limit without its time", { FABULA_RATE_LIMITS: "stream=5" }, /^FABULA_RATE_LIMITS must be limits such as stream=5\/60,chat=off\.$/],
  ["a host that is an address", { FABULA_UPSTREAM_HOSTS: "https://models.example.com/v1" }, /^FABULA_UPSTREAM_HOSTS must be hosts/],
  ["a host of attachments that is an address", { FABULA_ATTACHMENT_HOSTS: "https://files.example.com" }, /^FABULA_ATTACHMENT_HOSTS must be hosts/],
  ["issuers that are no array", { FABULA_ISSUERS: '{"issuer":"https://a.example"}' }, /^FABULA_ISSUERS must be a JSON array\.$/],
  ["modes that are no JSON", { FABULA_MODES: "{default}" }, /^FABULA_MODES must be a JSON object\.$/],
  ["keys of tokens that are none", { SUPABASE_JWKS_URL: "a.example/jwks.json" }, /^SUPABASE_JWKS_URL must be an address/],
  [
    "a prompt that is too long in bytes",
    { FABULA_SYSTEM_PROMPT: "ж".repeat(8193) },
    /^FABULA_SYSTEM_PROMPT must have at most 16384 bytes of UTF-8\.$/,
  ],
  [
    "keys that are no JSON object",
    { SUPABASE_URL: "https://a.co", SUPABASE_PUBLISHABLE_KEYS: "sb_secret_x" },
    /must be a JSON object/,
  ],
];

for (const [what, environment, message] of REFUSED) {
  test(`${what} is refused in words, without showing a key`, () => {
    assert.throws(
      () => readSettings(ROOT, environment),
      (error: Error) =>
        message.test(error.message) && !/sb_secret_x|\n/.test(error.message),
    );
  });
}

test("texts are limited as in the table, and the longest one is taken", () => {
  const table = readFileSync("shared/settings/table.hpp", "utf8");
  const limits = [...table.matchAll(/\.name = "(\w+)",\s+\.maximum_bytes = ([\d']+)/g)].map(
    ([, name, bytes]): [string, number] => [name!, Number(bytes!.replaceAll("'", ""))],
  );
  assert.deepEqual([...LONGEST_TEXTS], limits);
  readSettings(ROOT, { FABULA_SYSTEM_PROMPT: "ж".repeat(8192) });
});

test("numbers have the bounds of the table", () => {
  const table = readFileSync("shared/settings/table.hpp", "utf8");
  const rows = /\.name = "(\w+)",\s+\.type = Type::integer,\s+\.lowest = ([\d']+),\s+\.highest = ([\d']+)/g;
  const bounds = [...table.matchAll(rows)].map(([, name, ...ends]): [string, number[]] => [
    name!,
    ends.map((end) => Number(end.replaceAll("'", ""))),
  ]);
  assert.equal(table.match(/Type::integer/g)?.length, bounds.length);
  assert.deepEqual([...NUMBERS], bounds);
  for (const [name, ends] of bounds) for (const end of ends) readSettings(ROOT, { [name]: `${end}` });
});

test("origins and hosts are compared as browsers write them", () => {
  const { callers } = readSettings(ROOT, {
    FABULA_ALLOWED_ORIGINS: " https://A.example/ ,http://b.example:3000,",
    FABULA_ALLOWED_HOSTS: "Demo.Example.com.,192.168.1.7, [FD00:0::1]",
  });
  assert.deepEqual(callers, {
    origins: ["https://a.example", "http://b.example:3000"],
    hosts: ["demo.example.com", "192.168.1.7", "[fd00::1]"],
  });
  assert.equal(readSettings(ROOT, { FABULA_ALLOWED_ORIGINS: "https://a.example,*" }).callers.origins, "*");
});

test("what may be set is taken", () => {
  readSettings(ROOT, {
    FABULA_ALLOWED_ORIGINS: " https://A.example/ ,http://localhost:3000,, tauri://localhost",
    FABULA_RATE_LIMITS: "stream=5/60, chat=off",
    FABULA_UPSTREAM_HOSTS: "models.example.com, 127.0.0.1:8080,[::1]:8080",
    FABULA_ATTACHMENT_HOSTS: "files.example.com,cdn.example:8443",
    FABULA_PLAN_CLAIM: "app_metadata.plan",
    FABULA_ISSUERS: "[]",
    FABULA_TOOLS: '[{"name":"look"}]',
    FABULA_MODES: '{"default":{"prompt":"Be brief."}}',
    OPENAI_API_KEY: "sk-x\n",
    MODEL_CHAT: "openai:gpt-4o,anthropic:claude-sonnet-4-5",
    MODEL_STORY: "custom:m",
    CUSTOM_BASE_URL: "http://127.0.0.1:9/v1/",
    MODEL_DOSSIER: "groq:m",
    GROQ_BASE_URL: "http://127.0.0.1:9",
    MODEL_SUMMARY: "local:smollm2-135m-instruct",
  });
});

test("the providers are those that the functions know, and what they take is taken", () => {
  const table = readFileSync("shared/llm/route/providers.hpp", "utf8");
  const known = [...table.matchAll(/Provider\{\.name = "(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(PROVIDERS, known);
  const keys = [...table.matchAll(/\.key_setting = "(\w+)"(,\s+\.needs_key = false)?/g)].map(
    ([, key, isNotNeeded]) => (isNotNeeded ? undefined : key),
  );
  assert.deepEqual([...KEYS.values()], keys);
  readSettings(ROOT, {
    MODEL_CHAT: " openai:gpt-4o-mini, hf:meta-llama/Llama-3.3-70B-Instruct:together ,ollama: qwen3:8b",
    MODEL_SUMMARY: "",
    FABULA_MODELS: "openrouter:*,openai:gpt-4o-mini",
    OLLAMA_BASE_URL: "http://192.168.1.7:11434/v1",
    FABULA_COALESCE_MS: "0",
    NEXT_PUBLIC_BASE_URL: "/app",
  });
});
