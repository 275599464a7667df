import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, contentOf, serveModel, user } from "./served_model.ts";

const model = serveModel();
const messages = [
  { role: "system", content: "Extract the facts as JSON." },
  user("Mara is 34 years old and lives in Oslo with her dog Bran."),
];

async function answerIn(schema: object, more: object = {}): Promise<unknown> {
  const response_format = {
    type: "json_schema",
    json_schema: { name: "facts", strict: true, schema },
  };
  const answer = await completion(
    await model.complete({ messages, response_format, max_tokens: 400, ...more }),
  );
  assert.equal(answer.choices[0]?.finish_reason, "stop");
  return JSON.parse(contentOf(answer)) as unknown;
}

test("a JSON schema is kept: properties, arrays with limits, enumerations, choices, references", async () => {
  const schema = {
    type: "object",
    properties: {
      facts: {
        type: "array",
        minItems: 1,
        maxItems: 2,
        items: {
          type: "object",
          properties: {
            kind: { type: "string", enum: ["person", "place"] },
            quote: { anyOf: [{ type: "string", maxLength: 40 }, { type: "null" }] },
            age: { type: ["integer", "null"] },
            label: { $ref: "#/$defs/label" },
          },
          required: ["kind", "quote", "age", "label"],
          additionalProperties: false,
        },
      },
    },
    required: ["facts"],
    additionalProperties: false,
    $defs: { label: { type: "string", maxLength: 20 } },
  };
  for (const seed of [1, 2]) {
    const { facts } = (await answerIn(schema, { seed, stream: false })) as {
      facts: Record<string, unknown>[];
    };
    assert.ok(facts.length >= 1 && facts.length <= 2);
    for (const fact of facts) {
      assert.deepEqual(Object.keys(fact), ["kind", "quote", "age", "label"]);
      assert.ok(fact["kind"] === "person" || fact["kind"] === "place");
      assert.ok(
        fact["quote"] === null || (typeof fact["quote"] === "string" && fact["quote"].length <= 40),
      );
      assert.ok(fact["age"] === null || Number.isInteger(fact["age"]));
      assert.ok(typeof fact["label"] === "string" && fact["label"].length <= 20);
    }
  }
});

test("the top of a schema may be an array, and an object may be one of two forms", async () => {
  const form = (kind: string): object => ({
    type: "object",
    properties: { kind: { const: kind }, text: { type: "string", maxLength: 12 } },
  });
  const schema = {
    type: "array",
    minItems: 2,
    maxItems: 2,
    items: { anyOf: [form("age"), form("home")] },
  };
  const answer = (await answerIn(schema)) as { kind: string }[];
  assert.equal(answer.length, 2);
  assert.ok(answer.every(({ kind }) => kind === "age" || kind === "home"));
});

test("json_object gives some JSON object", async () => {
  const seeds = [1, 2, 3, 4];
  const complete = [];
  for (const seed of seeds) {
    const body = { messages, response_format: { type: "json_object" }, max_tokens: 300, seed };
    const answer = await completion(await model.complete(body));
    // An answer that the limit has cut off is no JSON; the small model does not always find an end.
    if (answer.choices[0]?.finish_reason === "stop") complete.push(contentOf(answer));
    assert.match(contentOf(answer), /^\{/);
  }
  assert.ok(complete.length > 0);
  for (const text of complete)
    assert.equal(Object.getPrototypeOf(JSON.parse(text)), Object.prototype);
});

test("the form also holds in a stream", async () => {
  const schema = { type: "object", properties: { name: { type: "string", maxLength: 20 } } };
  const response_format = { type: "json_schema", json_schema: { name: "name", schema } };
  const response = await model.complete({ messages, response_format, stream: true });
  const deltas = (await response.text())
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: {"))
    .map((frame) => JSON.parse(frame.slice(6)) as { choices: { delta: { content?: string } }[] });
  const text = deltas.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  assert.deepEqual(Object.keys(JSON.parse(text) as object), ["name"]);
});
