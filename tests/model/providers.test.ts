import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { chooseProvider } from "../../scripts/local/providers.ts";

/** A server on loopback that answers with JSON by path, and 404 to everything else. */
async function serve(
  context: TestContext,
  answers: Record<string, unknown>,
  delayMs = 0,
): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    setTimeout(() => {
      response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer ?? { error: "not found" }));
    }, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** Nothing listens here: discovery must not find a server of the machine that runs the tests. */
const NOTHING = "http://127.0.0.1:1/v1";
const ALONE = { OLLAMA_BASE_URL: NOTHING, LLAMACPP_BASE_URL: NOTHING };

const OLLAMA_TAGS = {
  models: [
    {
      name: "nomic-embed-text:latest",
      details: { family: "nomic-bert", families: ["nomic-bert"] },
    },
    { name: "llama3.2:latest", details: { family: "llama", families: ["llama"] } },
    { name: "qwen3:8b", details: { family: "qwen3", families: ["qwen3"] } },
  ],
};
const LLAMACPP_MODELS = {
  object: "list",
  data: [{ id: "story-7b.gguf", object: "model", owned_by: "llamacpp" }],
};

test("with nothing set and nothing running, the local model writes and says that it is a test model", async () => {
  const choice = await chooseProvider({}, async () => undefined);
  assert.deepEqual(choice, {
    kind: "local",
    route: "local:smollm2-135m-instruct",
    settings: {
      MODEL_CHAT: "local:smollm2-135m-instruct",
      FABULA_HISTORY_TOKENS: "1200",
      FABULA_MAX_OUTPUT_TOKENS: "400",
      FABULA_DOSSIER_MAX_OUTPUT_TOKENS: "300",
      FABULA_FIRST_TOKEN_TIMEOUT_MS: "180000",
      FABULA_TASKS_TIME_LIMIT_MS: "240000",
    },
    notice: "test model, set OPENAI_API_KEY for real writing",
  });
});

test("an address where no model answers is named", async () => {
  const { kind, notice } = await chooseProvider({ ...ALONE, LLAMACPP_BASE_URL: "" }, async () => undefined);
  assert.equal(kind, "local");
  assert.equal(
    notice,
    "test model, set OPENAI_API_KEY for real writing; " +
      `no model that can chat answers at OLLAMA_BASE_URL (${NOTHING})`,
  );
});

test("an address alone is enough, in each form that the functions take", async (context) => {
  const data = [{ id: "qwen3-8b" }];
  const versioned = await serve(context, { "/v1/models": { data }, "/api/tags": OLLAMA_TAGS });
  const bare = await serve(context, { "/models": { data } });
  const below = await serve(context, { "/llm/v1/models": { data } });
  const root = (url: string) => url.replace(/\/v1$/, "");
  const openai = [
    versioned,
    `${versioned}/`,
    root(versioned),
    `${root(versioned)}/`,
    `${versioned}/chat/completions`,
    root(bare),
    `${root(below)}/llm`,
  ];
  for (const url of openai) {
    const choice = await chooseProvider({ ...ALONE, OPENAI_BASE_URL: url });
    assert.deepEqual([choice.route, choice.settings["OPENAI_BASE_URL"]], ["openai:qwen3-8b", url], url);
  }
  for (const url of [versioned, root(versioned), `${root(versioned)}/api/`, `${versioned}/chat/completions`]) {
    const choice = await chooseProvider({ ...ALONE, OLLAMA_BASE_URL: url });
    assert.deepEqual([choice.route, choice.settings["OLLAMA_BASE_URL"]], ["ollama:llama3.2:latest", url], url);
  }
});

test("a hosted provider's key comes before anything that runs; OpenAI's before OpenRouter's before HF's", async (context) => {
  const ollama = await serve(context, { "/api/tags": OLLAMA_TAGS });
  const keys = {
    OPENAI_API_KEY: "a",
    OPENROUTER_API_KEY: "b",
    HF_TOKEN: "c",
    OLLAMA_BASE_URL: ollama,
  };
  const choose = async (environment: Record<string, string>): Promise<string> => {
    const choice = await chooseProvider(environment);
    assert.equal(choice.kind, "hosted");
    assert.equal(choice.settings["MODEL_CHAT"], choice.route);
    return choice.route;
  };
  assert.match(await choose(keys), /^openai:/);
  assert.match(await choose({ ...keys, OPENAI_API_KEY: "" }), /^openrouter:/);
  assert.match(await choose({ ...keys, OPENAI_API_KEY: "", OPENROUTER_API_KEY: "" }), /^hf:/);
});

test("no notice or setting holds a key", async () => {
  const choice = await chooseProvider({ ...ALONE, OPENAI_API_KEY: "sk-secret" });
  assert.ok(!JSON.stringify(choice).includes("sk-secret"));
});

test("OPENAI_BASE_URL alone is enough: its first model that can chat writes everything", async (context) => {
  const data = [{ id: "text-embedding-nomic" }, { id: "qwen3-8b" }, { id: "other" }];
  const url = await serve(context, { "/v1/models": { data } });
  const choice = await chooseProvider({ ...ALONE, OPENAI_BASE_URL: url });
  assert.deepEqual([choice.kind, choice.route], ["running", "openai:qwen3-8b"]);
  assert.deepEqual(choice.settings, { MODEL_CHAT: "openai:qwen3-8b", OPENAI_BASE_URL: url });
  assert.equal(choice.notice, `openai:qwen3-8b, running at ${url}`);
  const keyed = await chooseProvider({ ...ALONE, OPENAI_BASE_URL: url, OPENAI_API_KEY: "sk-secret" });
  assert.equal(keyed.route, "openai:qwen3-8b");
});

test("in OpenAI's place a gateway that has the usual model, or names none, is asked for that", async (context) => {
  const data = [{ id: "a" }, { id: "gpt-4o-mini" }];
  const gateway = await serve(context, { "/v1/models": { data } });
  const silent = await serve(context, {});
  for (const url of [gateway, silent]) {
    const choice = await chooseProvider({ ...ALONE, OPENAI_BASE_URL: url, OPENAI_API_KEY: "k" });
    assert.equal(choice.route, "openai:gpt-4o-mini");
  }
});

test("a provider of another kind does not count yet", async () => {
  const choice = await chooseProvider({ ...ALONE, ANTHROPIC_API_KEY: "a", GEMINI_API_KEY: "b" });
  assert.equal(choice.kind, "local");
});

test("a running Ollama writes with its first model that can chat", async (context) => {
  const url = await serve(context, { "/api/tags": OLLAMA_TAGS });
  const choice = await chooseProvider({ ...ALONE, OLLAMA_BASE_URL: url });
  assert.equal(choice.kind, "running");
  assert.equal(choice.route, "ollama:llama3.2:latest");
  assert.deepEqual(choice.settings, { MODEL_CHAT: choice.route, OLLAMA_BASE_URL: url });
});

test("an Ollama that has only embedding models is passed over", async (context) => {
  const tags = { models: OLLAMA_TAGS.models.slice(0, 1) };
  const url = await serve(context, { "/api/tags": tags });
  assert.equal((await chooseProvider({ ...ALONE, OLLAMA_BASE_URL: url })).kind, "local");
});

test("a running llama.cpp server writes with its model", async (context) => {
  const url = await serve(context, { "/health": { status: "ok" }, "/v1/models": LLAMACPP_MODELS });
  const choice = await chooseProvider({ ...ALONE, LLAMACPP_BASE_URL: url });
  assert.equal(choice.route, "llamacpp:story-7b.gguf");
  assert.deepEqual(choice.settings, { MODEL_CHAT: choice.route, LLAMACPP_BASE_URL: url });
});

test("another server on llama.cpp's port is not taken for it", async (context) => {
  const others: Record<string, unknown>[] = [
    {},
    { "/health": { status: "ok" } },
    { "/health": "ok", "/v1/models": LLAMACPP_MODELS },
    { "/health": { status: "loading model" }, "/v1/models": LLAMACPP_MODELS },
    {
      "/health": { status: "ok" },
      "/v1/models": { object: "list", data: [{ id: "gpt", owned_by: "vllm" }] },
    },
    { "/health": { status: "ok" }, "/v1/models": { data: null } },
  ];
  for (const answers of others) {
    const url = await serve(context, answers);
    assert.equal((await chooseProvider({ ...ALONE, LLAMACPP_BASE_URL: url })).kind, "local");
  }
});

test("a server that does not answer holds the start up for less than a second", async (context) => {
  const url = await serve(context, { "/api/tags": OLLAMA_TAGS, "/health": { status: "ok" } }, 5000);
  const startedAt = performance.now();
  const choice = await chooseProvider({ OLLAMA_BASE_URL: url, LLAMACPP_BASE_URL: url });
  assert.equal(choice.kind, "local");
  assert.ok(performance.now() - startedAt < 1000);
});

test("MODEL_CHAT wins over keys and servers, and says what has to run", async (context) => {
  const url = await serve(context, { "/api/tags": OLLAMA_TAGS });
  const choose = (route: string, more: Record<string, string> = {}) =>
    chooseProvider({ OPENAI_API_KEY: "a", OLLAMA_BASE_URL: url, MODEL_CHAT: route, ...more });
  const hosted = await choose("openrouter:meta-llama/llama-3.3-70b-instruct:free,openai:gpt-4o");
  assert.deepEqual(
    [hosted.kind, hosted.route],
    ["hosted", "openrouter:meta-llama/llama-3.3-70b-instruct:free,openai:gpt-4o"],
  );
  const running = await choose("ollama:qwen3:8b");
  assert.deepEqual([running.kind, running.settings["OLLAMA_BASE_URL"]], ["running", url]);
  const local = await choose("local:smollm2-135m-instruct");
  assert.deepEqual(
    [local.kind, local.notice],
    ["local", "test model, set OPENAI_API_KEY for real writing"],
  );
  assert.equal((await choose("openai:gpt-4o, local:smollm2-135m-instruct")).kind, "local");
});

test("a local model that is served already is not started again", async () => {
  const served = { ...ALONE, LOCAL_BASE_URL: "http://127.0.0.1:9/v1" };
  const choice = await chooseProvider(served);
  assert.deepEqual([choice.kind, choice.route], ["running", "local:smollm2-135m-instruct"]);
  assert.equal((await chooseProvider({ ...served, MODEL_CHAT: choice.route })).kind, "running");
});
