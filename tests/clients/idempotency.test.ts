// One turn at a time in a session, and a request that is sent twice with one Idempotency-Key is one turn:
// replayed when it is over, followed while it runs, replayed as far as it got when it broke off.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, beforeEach, describe, test } from "node:test";
import { APIS, type Api, type Streamed } from "./api.ts";
import type { Row } from "./backend.ts";
import { EventReader } from "./chat.ts";
import { Ledger } from "./ledger.ts";
import { TURN } from "./life.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

onEachRuntime("idempotency", (stack) => {
  for (const Way of APIS)
    describe(`with ${Way.title}`, () => repeat(stack, (at) => new Way(at), Way.title));
});

function repeat(stack: () => Stack, makeApi: (stack: Stack) => Api, title: string): void {
  let api: Api;
  let ledger: Ledger;
  let session_id: string;
  before(async () => {
    api = makeApi(stack());
    await api.signUp();
    const { events } = await say(words("Let us begin."), "Gladly.", {});
    ({ session_id } = events.metadata as { session_id: string });
  });
  beforeEach(() => {
    ledger = new Ledger(stack().backend);
  });

  const model = () => stack().backend.model;
  const words = (text: string) => `${text} (${stack().runtime}, ${title})`;
  const keyed = (key: string) => ({ "idempotency-key": key });

  function say(
    text: string,
    reply: string,
    headers: Record<string, string>,
    more: Row = { session_id },
  ): Promise<Streamed> {
    model().tell(text, [reply.slice(0, 4), reply.slice(4)]);
    return api.stream("chat", { text, ...more }, headers);
  }

  /** Both are answers about one turn; the second is a replay of the same from the same position. */
  function assertReplayed(first: Streamed, second: Streamed): void {
    assert.equal(first.headers.get("idempotent-replayed"), null);
    assert.equal(second.headers.get("idempotent-replayed"), "true");
    for (const name of ["x-session-id", "x-project-id", "x-stream-id"]) {
      assert.equal(second.headers.get(name), first.headers.get(name), name);
    }
    assert.equal(second.events.text, first.events.text);
    assert.equal(second.events.ids.at(-1), first.events.ids.at(-1));
    assert.deepEqual(second.events.ending, first.events.ending);
    assert.deepEqual(second.events.metadata, first.events.metadata);
  }

  /** Sends it again, which must change nothing and ask no model. */
  async function sendAgain(
    path: string,
    body: Row,
    headers: Record<string, string>,
  ): Promise<Streamed> {
    const asked = model().count;
    const again = await ledger.reads(() => api.stream(path, body, headers));
    assert.equal(model().count, asked);
    return again;
  }

  test("sent again when it is over: the same ids, the same text", async () => {
    const text = words("Who lives here?");
    const headers = keyed(randomUUID());
    const first = await ledger.changes(TURN, () => say(text, "A fox, I think.", headers));
    assertReplayed(first, await sendAgain("chat", { text, session_id }, headers));
    // Members without an effect may be in another order.
    assertReplayed(first, await sendAgain("chat", { session_id, protocol: null, text }, headers));
  });

  test("another take and the rest of a reply are not done twice either", async () => {
    const text = words("What does it want?");
    const { message_id } = (await say(text, "Letters.", {})).events.metadata as {
      message_id: string;
    };
    for (const [action, reply] of [
      ["regenerate", "Stamps, rather."],
      ["continue", " And a lamp."],
    ] as const) {
      const path = `chat/messages/${message_id}/${action}`;
      const headers = keyed(`${action} ${randomUUID()}`.replace(" ", "-"));
      model().scriptOthers((answer) => (answer.text(reply), answer.finish()));
      model().tell(text, [reply]);
      const first = await ledger.changes(TURN, () => api.stream(path, {}, headers));
      assert.equal(first.events.text, reply);
      assertReplayed(first, await sendAgain(path, {}, headers));
    }
  });

  for (const [path, body, table] of [
    ["projects", { name: "The Sea" }, "projects"],
    ["dossier", { name: "The Shore", snapshot_json: { characters: [{ name: "Mara" }] } }, "dossier_assertions"],
    ["stream/v1/bots", { name: "Fox", model: "gpt-4o-mini" }, "bots"],
    ["companion/characters", { name: "Mara" }, "characters"],
    ["companion/conversations", {}, "sessions"],
  ] as const) {
    test(`what POST /${path} makes with a key is made once`, async () => {
      const headers = keyed(randomUUID());
      const make = (changed = {}) => api.call("POST", path, { body: { ...body, ...changed }, headers });
      const first = await make();
      assert.equal(first.status, 201, JSON.stringify(first.body));
      assert.equal(first.headers.get("idempotent-replayed"), null);
      const rows = await stack().backend.rows(table, {});
      const again = await make();
      assert.deepEqual([again.status, again.body], [201, first.body]);
      assert.equal(again.headers.get("location"), first.headers.get("location"));
      if (path !== "dossier") assert.equal(again.headers.get("idempotent-replayed"), "true");
      assert.equal((await stack().backend.rows(table, {})).length, rows.length);
      const reused = await make({ title: "Another", name: "Another" });
      assert.deepEqual([reused.status, reused.body.code], [422, "idempotency_key_reused"]);
    });
  }

  test("a key that has named another request is refused, whoever's key it is otherwise is not", async () => {
    const key = randomUUID();
    const far = words("Is it far?");
    const first = await ledger.changes(TURN, () => say(far, "A day's walk.", keyed(key)));
    for (const body of [{ text: words("Is it near?"), session_id }, { text: far }]) {
      const refused = await ledger.reads(() =>
        api.call("POST", "chat", { body, headers: keyed(key) }),
      );
      assert.deepEqual([refused.status, refused.body.code], [422, "idempotency_key_reused"]);
    }
    const other = makeApi(stack());
    await other.signUp();
    const text = words("Is it far for me?");
    model().tell(text, ["For you it is near."]);
    const theirs = await other.stream("chat", { text }, keyed(key));
    assert.equal(theirs.headers.get("idempotent-replayed"), null);
    assert.notEqual(theirs.headers.get("x-stream-id"), first.headers.get("x-stream-id"));
  });

  /** A turn whose model says the words and then waits. */
  async function begin(
    text: string,
    beginning: string,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ) {
    const gate = makeGate();
    model().script(text, async (reply) => {
      reply.text(beginning);
      await gate.opened;
      if (reply.isClosed) return;
      reply.text(" and so it went.");
      reply.finish();
    });
    const body = { text, session_id };
    const response = await api.open("POST", "chat", { body, headers, ...(signal && { signal }) });
    assert.equal(response.status, 200);
    const reader = new EventReader(response);
    assert.ok(await reader.readUntil((events) => events.text !== ""));
    return { response, reader, gate, body };
  }

  const told = async ({
    response,
    reader,
  }: {
    response: Response;
    reader: EventReader;
  }): Promise<Streamed> => {
    return { status: response.status, headers: response.headers, events: await reader.readToEnd() };
  };

  test("sent again while it runs: followed to the same end", async () => {
    const headers = keyed(randomUUID());
    const asked = model().count;
    const first = await begin(words("Tell it slowly."), "Once", headers);
    const response = await api.open("POST", "chat", { body: first.body, headers });
    const second = { response, reader: new EventReader(response) };
    assert.ok(
      await second.reader.readUntil((events) => events.text !== ""),
      "what is saved is told at once",
    );
    first.gate.open();
    const [one, two] = await Promise.all([told(first), told(second)]);
    assert.equal(one.events.text, "Once and so it went.");
    assert.deepEqual(one.events.ending, ["metadata", "done"]);
    assertReplayed(one, two);
    assert.equal(model().count, asked + 1);
  });

  test("sent again after the first caller has left: told what was written, and that it broke off", async () => {
    const headers = keyed(randomUUID());
    const leaving = new AbortController();
    const first = await begin(words("Tell me half of it."), "Half a", headers, leaving.signal);
    const streamId = first.response.headers.get("x-stream-id")!;
    leaving.abort();
    await first.reader.readToEnd().catch(() => {}); // It is aborted.
    await until("the generation's end", async () => {
      const [generation] = await stack().backend.rows("generations", { stream_id: streamId });
      return generation?.["status"] === "disconnected";
    });
    first.gate.open();
    const again = await api.stream("chat", first.body, headers);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    assert.equal(again.headers.get("x-stream-id"), streamId);
    assert.equal(again.events.text, "Half a");
    assert.deepEqual(again.events.ending, ["metadata", "error"]);
    assert.deepEqual(
      [again.events.error["code"], again.events.error["retryable"]],
      ["interrupted", true],
    );
    const { message_id } = again.events.metadata;
    const [message] = await stack().backend.rows("messages", { message_id });
    assert.deepEqual([message!["content"], message!["is_complete"]], ["Half a", false]);
  });

  test("a second turn beside a running one is refused with the time to come back", async () => {
    const first = await begin(words("Wait for me."), "I wait", {});
    const [{ message_id }] = (await stack().backend.messages(session_id)) as [Row];
    const count = (await stack().backend.messages(session_id)).length;
    const text = words("And me?");
    for (const [path, body] of [
      ["chat", { text, session_id }],
      [`chat/messages/${message_id}/regenerate`, {}],
    ] as const) {
      const refused = await api.call("POST", path, { body, headers: keyed(randomUUID()) });
      assert.deepEqual([refused.status, refused.body.code], [409, "turn_in_progress"], path);
      assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    }
    assert.equal((await stack().backend.messages(session_id)).length, count);
    first.gate.open();
    assert.deepEqual((await told(first)).events.ending, ["metadata", "done"]);
    assert.deepEqual((await say(text, "You too.", {})).events.ending, ["metadata", "done"]);
  });

  test("a key that is none is refused", async () => {
    for (const key of ["", "two words", "x".repeat(256)]) {
      const call = () =>
        api.call("POST", "chat", { body: { text: words("May I?") }, headers: keyed(key) });
      const refused = await ledger.reads(call);
      assert.deepEqual(
        [refused.status, refused.body.code],
        [422, "invalid_request"],
        JSON.stringify(key),
      );
    }
  });
}
