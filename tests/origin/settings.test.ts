import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LONGEST_TEXTS, PROVIDERS } from "../../scripts/local/model_settings.mjs";
import { readSettings } from "../../scripts/local/settings.ts";

const ROOT = "/project";

test("without any setting: the usual port, deno, .fabula, everything embedded", () => {
  assert.deepEqual(readSettings(ROOT, {}), {
    port: 54321,
    runtime: "deno",
    dataDir: "/project/.fabula",
    watch: false,
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
      (error: Error) => message.test(error.message) && !error.message.includes("sb_secret_x"),
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

test("the providers are those that the functions know, and what they take is taken", () => {
  const table = readFileSync("shared/llm/route/providers.hpp", "utf8");
  const known = [...table.matchAll(/Provider\{\.name = "(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(PROVIDERS, known);
  readSettings(ROOT, {
    MODEL_CHAT: " openai:gpt-4o-mini, hf:meta-llama/Llama-3.3-70B-Instruct:together ,ollama: qwen3:8b",
    MODEL_SUMMARY: "",
    FABULA_MODELS: "openrouter:*,openai:gpt-4o-mini",
    OLLAMA_BASE_URL: "http://192.168.1.7:11434/v1",
    FABULA_COALESCE_MS: "0",
    NEXT_PUBLIC_BASE_URL: "/app",
  });
});
