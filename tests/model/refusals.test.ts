import assert from "node:assert/strict";
import { test } from "node:test";
import { serveModel, user } from "./served_model.ts";

const model = serveModel();
const messages = [user("hello")];

interface Refusal {
  message: string;
  type: string;
  param: string | null;
  code: string;
}

async function refusal(response: Response): Promise<Refusal> {
  assert.equal(response.headers.get("content-type"), "application/json");
  const { error } = (await response.json()) as { error: Refusal };
  assert.deepEqual(Object.keys(error), ["message", "type", "param", "code"]);
  return error;
}

const post = (body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(`${model.url}/v1/chat/completions`, { method: "POST", body });

const BAD_FIELDS: [string, object][] = [
  ["messages", {}],
  ["messages", { messages: "hello" }],
  ["messages", { messages: [] }],
  ["messages[0]", { messages: [7] }],
  ["messages[0].role", { messages: [{ role: "tool", content: "x" }] }],
  ["messages[0].role", { messages: [{ role: "toString", content: "x" }] }],
  ["messages[0].content", { messages: [{ role: "user", content: 7 }] }],
  ["messages[0].content[0]", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }],
  ["max_tokens", { messages, max_tokens: 0 }],
  ["max_tokens", { messages, max_tokens: 1.5 }],
  ["temperature", { messages, temperature: 3 }],
  ["temperature", { messages, temperature: "warm" }],
  ["top_p", { messages, top_p: -1 }],
  ["seed", { messages, seed: "one" }],
  ["stop", { messages, stop: [""] }],
  ["stop", { messages, stop: ["a", "b", "c", "d", "e"] }],
  ["stream", { messages, stream: "yes" }],
  ["stream_options", { messages, stream_options: { include_usage: true } }],
  ["n", { messages, n: 2 }],
  ["tools", { messages, tools: [{ type: "function" }] }],
  ["response_format.type", { messages, response_format: { type: "xml" } }],
  ["response_format.json_schema.schema", { messages, response_format: { type: "json_schema" } }],
];

for (const [parameter, body] of BAD_FIELDS) {
  test(`400 names ${parameter} in ${JSON.stringify(body)}`, async () => {
    const response = await model.complete(body);
    assert.equal(response.status, 400);
    const error = await refusal(response);
    assert.equal(error.param, parameter);
    assert.equal(error.type, "invalid_request_error");
  });
}

test("a body that is no JSON, no object, or no UTF-8 is 400", async () => {
  for (const [body, code] of [
    ["{", "invalid_json"],
    ["[]", "invalid_type"],
    ["", "invalid_json"],
  ] as const) {
    const response = await post(body);
    assert.equal(response.status, 400);
    assert.equal((await refusal(response)).code, code);
  }
  const response = await post(new Uint8Array([0x22, 0xff, 0x22]));
  assert.equal((await refusal(response)).code, "invalid_json");
});

test("a schema nested 10,000 deep is 400 and ends nothing", async () => {
  const schema = `${'{"type":"array","items":'.repeat(10_000)}{}${"}".repeat(10_000)}`;
  const response = await post(
    `{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"x"}],` +
      `"response_format":{"type":"json_schema","json_schema":{"schema":${schema}}}}`,
  );
  assert.equal(response.status, 400);
  assert.equal((await refusal(response)).code, "invalid_json_schema");
  assert.equal((await fetch(`${model.url}/health`)).status, 200);
});

test("another model is 404 model_not_found", async () => {
  const response = await model.complete({ model: "gpt-4o", messages });
  assert.equal(response.status, 404);
  assert.equal((await refusal(response)).code, "model_not_found");
});

test("a conversation longer than the context is 400 context_length_exceeded", async () => {
  const response = await model.complete({ messages: [user("once upon a time ".repeat(1200))] });
  assert.equal(response.status, 400);
  const error = await refusal(response);
  assert.equal(error.code, "context_length_exceeded");
  assert.match(error.message, /maximum context length is 4096 tokens.*resulted in 4\d{3} tokens/);
});

test("a body over the limit is 413", async () => {
  const response = await model.complete({ messages: [user("x".repeat(5_000_000))] });
  assert.equal(response.status, 413);
  assert.equal((await refusal(response)).code, "request_too_large");
});

test("other addresses are 404, other methods 405 with Allow", async () => {
  const unknown = await fetch(`${model.url}/v1/embeddings`, { method: "POST", body: "{}" });
  assert.equal(unknown.status, 404);
  assert.equal((await refusal(unknown)).code, "unknown_url");
  const method = await fetch(`${model.url}/v1/chat/completions`);
  assert.equal(method.status, 405);
  assert.equal(method.headers.get("allow"), "POST");
});
