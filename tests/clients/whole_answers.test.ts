// Accept: application/json: a reply as one answer, or as a problem with the kept part of it; and the
// end of a cancelled reply.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Row } from "./backend.ts";
import { EventReader, postChat, talk } from "./chat.ts";
import { onBothRuntimes } from "./stack.ts";
import { until } from "./wait.ts";

const JSON_ONLY = { accept: "application/json" };

onBothRuntimes("whole answers", (stack) => {
  const model = () => stack().backend.model;
  const words = (text: string) => `${text} (${stack().runtime})`;

  test("a reply is one JSON answer, again under its key, and as a further take", async () => {
    const text = words("Who lives here?");
    model().tell(text, ["A fox, ", "I think."]);
    const { guestToken: token } = await talk(stack(), { text });
    const headers = { ...JSON_ONLY, "idempotency-key": randomUUID() };
    const response = await postChat(stack(), { text }, { token, headers });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type")!, /^application\/json/);
    const whole = (await response.json()) as Row;
    assert.deepEqual([whole["text"], whole["finish_reason"]], ["A fox, I think.", "stop"]);
    assert.equal(whole["metadata"]["stream_id"], response.headers.get("x-stream-id"));
    const again = await postChat(stack(), { text }, { token, headers });
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    assert.equal(((await again.json()) as Row)["text"], "A fox, I think.");

    const take = await fetch(
      `${stack().url}/functions/v1/chat/messages/${whole["metadata"]["message_id"]}/regenerate`,
      { method: "POST", headers: { ...JSON_ONLY, authorization: `Bearer ${token}` } },
    );
    assert.equal(take.status, 200);
    assert.equal(((await take.json()) as Row)["text"], "A fox, I think.");
  });

  test("a reply that breaks off is a problem with the text that is kept", async () => {
    const text = words("And then?");
    model().script(text, (reply) => {
      reply.text("It went");
      reply.end("");
    });
    const response = await postChat(stack(), { text }, { headers: JSON_ONLY });
    assert.equal(response.status, 502);
    assert.match(response.headers.get("content-type")!, /^application\/problem\+json/);
    const problem = (await response.json()) as Row;
    assert.deepEqual([problem["code"], problem["text"]], ["provider_incomplete", "It went"]);
    assert.ok(problem["metadata"]["message_id"]);
  });

  test("a cancelled reply ends with done, for whoever comes back too", async () => {
    const text = words("Think.");
    model().script(text, (reply) => reply.text("Well,"));
    const response = await postChat(stack(), { text });
    const token = response.headers.get("x-guest-token")!;
    stack().backend.secrets.add(token);
    const url = `${stack().url}/functions/v1/chat/streams/${response.headers.get("x-stream-id")}`;
    const headers = { authorization: `Bearer ${token}` };
    const reading = new EventReader(response);
    assert.ok(await reading.readUntil(({ all }) => all.length > 0));
    await fetch(`${url}/cancel`, { method: "POST", headers });
    const { ending, all } = await reading.readToEnd();
    assert.deepEqual(ending, ["metadata", "done"]);
    assert.equal(all.at(-1)!["finish_reason"], "cancelled");
    await until("the model's connection to close", () => model().replies(text)[0]!.isClosed);
    const rest = (await (await fetch(url, { headers: { ...headers, ...JSON_ONLY } })).json()) as Row;
    assert.deepEqual([rest["text"], rest["finish_reason"]], ["Well,", "cancelled"]);
  });
});
