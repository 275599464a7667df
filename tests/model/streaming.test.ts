import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, contentOf, MODEL, serveModel, user } from "./served_model.ts";

const model = serveModel();
const LONG_STORY = [user("Write a very long story about a voyage, in many chapters.")];

interface Chunk {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null }[];
  usage?: { total_tokens: number } | null;
}

/** The chunks of a stream that must be framed exactly as OpenAI's. */
async function readChunks(response: Response): Promise<Chunk[]> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const frames = (await response.text()).split("\n\n");
  assert.equal(frames.pop(), "", "the last frame is complete");
  assert.equal(frames.pop(), "data: [DONE]");
  return frames.map((frame) => {
    assert.match(frame, /^data: \{[^\n]*\}$/);
    return JSON.parse(frame.slice("data: ".length)) as Chunk;
  });
}

test("streams the role, the text piece by piece, the reason of the end, the usage, [DONE]", async () => {
  const chunks = await readChunks(
    await model.complete({
      messages: LONG_STORY,
      max_tokens: 25,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  const [first] = chunks;
  const [last, counts] = chunks.slice(-2);
  assert.deepEqual(first?.choices[0]?.delta, { role: "assistant", content: "", refusal: null });
  assert.deepEqual([last?.choices[0]?.delta, last?.choices[0]?.finish_reason], [{}, "length"]);
  assert.deepEqual(counts?.choices, []);
  assert.ok((counts?.usage?.total_tokens ?? 0) > 25);
  const middle = chunks.slice(1, -2);
  assert.ok(middle.length > 15, `${middle.length} pieces`);
  for (const { choices } of middle) {
    assert.deepEqual(Object.keys(choices[0]?.delta ?? {}), ["content"]);
    assert.equal(choices[0]?.finish_reason, null);
  }
  for (const chunk of chunks) {
    assert.equal(chunk.object, "chat.completion.chunk");
    assert.deepEqual([chunk.id, chunk.created, chunk.model], [first?.id, first?.created, MODEL]);
    if (chunk !== counts) assert.equal(chunk.usage, null);
  }
});

test("without include_usage no chunk speaks of usage", async () => {
  const chunks = await readChunks(
    await model.complete({ messages: LONG_STORY, max_tokens: 5, stream: true }),
  );
  assert.ok(chunks.every((chunk) => !("usage" in chunk) && chunk.choices.length === 1));
});

test("the pieces make the text that is written without stream", async () => {
  const body = {
    messages: [user("Greet me with an emoji and in Japanese.")],
    max_tokens: 60,
    seed: 11,
  };
  const whole = contentOf(await completion(await model.complete(body)));
  const chunks = await readChunks(await model.complete({ ...body, stream: true }));
  const text = chunks.map(({ choices }) => String(choices[0]?.delta["content"] ?? "")).join("");
  assert.equal(text, whole);
});

test("the text arrives while it is written", async () => {
  const response = await model.complete({ messages: LONG_STORY, max_tokens: 60, stream: true });
  const times: number[] = [];
  for await (const _ of response.body ?? []) times.push(performance.now());
  const spread = (times.at(-1) ?? 0) - (times[0] ?? 0);
  assert.ok(
    times.length > 20 && spread > 200,
    `${times.length} pieces within ${spread.toFixed()} ms`,
  );
});

async function leave(body: object, whenMs: number): Promise<void> {
  const controller = new AbortController();
  const response = model.complete(body, controller.signal).then(async (answer) => answer.text());
  const left = assert.rejects(response, { name: "AbortError" });
  setTimeout(() => controller.abort(), whenMs);
  await left;
}

for (const stream of [true, false]) {
  test(`stops within a second when the client leaves (stream: ${stream})`, async () => {
    model.log.length = 0;
    await leave({ messages: LONG_STORY, max_tokens: 1024, stream }, 300);
    await model.logged(/client left/, 1000);
  });
}

test("stops within a second when the client leaves while a long prompt is read", async () => {
  model.log.length = 0;
  const history = user("The ship went on through the fog, and nobody spoke. ".repeat(250));
  await leave({ messages: [history], stream: true }, 400);
  await model.logged(/prompt \d{4} tokens; client left/, 1000);
  const next = await completion(await model.complete({ messages: [user("hello")], max_tokens: 2 }));
  assert.equal(next.usage.completion_tokens > 0, true);
});

test("one request more than may wait is 429, and those who wait can leave", async () => {
  const controller = new AbortController();
  const body = { messages: LONG_STORY, max_tokens: 1024, stream: true };
  const writing = await model.complete(body, controller.signal);
  assert.equal(writing.status, 200);
  const others = Array.from({ length: 17 }, () => model.complete(body, controller.signal));
  const refused = await Promise.race(others);
  assert.equal(refused.status, 429);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  const { error } = (await refused.json()) as { error: { code: string } };
  assert.equal(error.code, "rate_limit_exceeded");
  controller.abort();
  const outcomes = await Promise.allSettled(others);
  assert.equal(
    outcomes.filter(({ status }) => status === "fulfilled").length,
    1,
    "only one was refused",
  );
  const startedAt = performance.now();
  await completion(await model.complete({ messages: [user("hello")], max_tokens: 1 }));
  assert.ok(performance.now() - startedAt < 3000, "nobody who left is still served");
});
