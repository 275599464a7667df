// The log of realtime sessions, in either database: each event once and in order, whatever turns do and
// whatever is undone.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { act, editReply, newRequestHash, retake } from "./actions.ts";
import {
  ids,
  look,
  newConnection,
  open,
  readEvents,
  told,
  turnIn,
  type Connection,
} from "./realtime.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, only, refusal, say, silence } from "./turns.ts";

export function describeRealtimeEvents(target: () => Target): void {
  const opened = async (): Promise<[Connection, Row]> => {
    const connection = newConnection(newUser());
    return [connection, await open(target(), connection)];
  };
  const turn = (connection: Connection, question: string, reply: string, changes: Row = {}) =>
    say(target(), connection.principal, question, reply, { ...turnIn(connection), ...changes });
  const reap = async (running: Row) => {
    await silence(target(), running, 61);
    await target().call("reap_generations", { limit: 1000 });
  };

  test("a turn leaves its question when it begins and its reply when it ends", async () => {
    const [connection, { session_id }] = await opened();
    const begun = await begin(target(), connection.principal, {
      ...turnIn(connection),
      text: "Who are you?",
      message_metadata: { client_id: "c1" },
    });
    assert.equal(begun["session_id"], session_id);
    await append(target(), begun, 0, "A fox");
    const during = await look(target(), connection, 0);
    assert.deepEqual(told(during["events"]), ["user message Who are you?"]);
    const [question] = during["events"];
    assert.deepEqual(
      [question.message_id, question.client_id, question.metadata],
      [begun["user_message_id"], "c1", {}],
    );
    assert.match(question.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(during["running"], {
      stream_id: begun["stream_id"],
      generation_id: begun["generation_id"],
      message_id: begun["message_id"],
      user_message_id: begun["user_message_id"],
      client_id: "c1",
      epoch: 1,
      text_bytes: 5,
    });

    await finish(target(), begun, { from_offset: 5, text: ", of course." });
    const after = await look(target(), connection, question.id);
    assert.deepEqual(told(after["events"]), ["assistant message A fox, of course."]);
    assert.equal(after["running"], null);
    const [reply] = after["events"];
    assert.ok(reply.id > question.id);
    assert.equal(after["last_event_id"], reply.id);
    assert.deepEqual([reply.message_id, reply.client_id], [begun["message_id"], null]);
    assert.deepEqual(reply.metadata, {
      finish_reason: "stop",
      status: "complete",
      is_complete: true,
      stream_id: begun["stream_id"],
      user_message_id: begun["user_message_id"],
      client_id: "c1",
    });
    await finish(target(), begun, { from_offset: 5, text: ", of course." });
    assert.equal((await readEvents(target(), connection)).length, 2, "a repeated end is no other");
  });

  test("how a turn ends is told: cancelled, broken off, failed without words", async () => {
    const [connection] = await opened();
    const { principal } = connection;
    for (const [text, changes, event, metadata] of [
      ["Cut", { status: "stopped" }, "assistant message Cut", ["cancelled", "stopped", false]],
      [
        "Half",
        { status: "interrupted", error_code: "provider_timeout" },
        "assistant message Half",
        ["error", "interrupted", false],
      ],
      [
        "",
        { status: "failed", error_code: "provider_unavailable" },
        "system error provider_unavailable",
        ["error", "failed", false],
      ],
      [
        "Oda put her hand on",
        { status: "complete", finish_reason: "length" },
        "assistant message Oda put her hand on",
        ["length", "complete", false],
      ],
      ["", { status: "stopped" }, "system system cancelled", ["cancelled", "stopped", false]],
      ["", { status: "disconnected" }, "system error disconnected", ["error", "disconnected", false]],
    ] as const) {
      const begun = await begin(target(), principal, turnIn(connection));
      await finish(target(), begun, { finish_reason: null, text, ...changes });
      const last = (await readEvents(target(), connection)).at(-1)!;
      assert.deepEqual(told([last]), [event]);
      const { finish_reason, status, is_complete, user_message_id } = last["metadata"];
      assert.deepEqual([finish_reason, status, is_complete], metadata);
      assert.equal(user_message_id, begun["user_message_id"]);
      assert.equal(last["message_id"], text ? begun["message_id"] : null);
    }
  });

  test("a reply that was ended for silence and goes on is one event, whichever way", async () => {
    for (const [saved, before] of [
      ["A f", "assistant message A f"],
      ["", "system error interrupted"],
    ] as const) {
      const [connection] = await opened();
      const begun = await begin(target(), connection.principal, turnIn(connection));
      if (saved) await append(target(), begun, 0, saved);
      await reap(begun);
      const broken = (await readEvents(target(), connection)).at(-1)!;
      assert.deepEqual(told([broken]), [before]);

      await append(target(), begun, saved.length, "x");
      const running = await readEvents(target(), connection);
      assert.equal(running.length, saved ? 2 : 1, "that it broke off was not so");
      await finish(target(), begun, { from_offset: saved.length + 1, text: "!" });
      const events = await readEvents(target(), connection);
      assert.deepEqual(told(events).slice(1), [`assistant message ${saved}x!`]);
      assert.ok(events[1]!["id"] > broken["id"], "who has seen the broken one gets the whole one");
    }
  });

  test("a turn that was withdrawn or forgotten leaves nothing; a session stays open", async () => {
    const [connection, { session_id }] = await opened();
    const { principal } = connection;
    const first = randomUUID();
    await begin(target(), principal, { ...turnIn(connection), call_id: first });
    await target().call("withdraw_turn", { call_id: first });
    assert.deepEqual(await readEvents(target(), connection), []);
    assert.equal((await look(target(), connection, 0))["running"], null);

    const named = { ...turnIn(connection), idempotency_key: "k", request_hash: newRequestHash() };
    const dead = await begin(target(), principal, named);
    assert.equal(dead["session_id"], session_id);
    await reap(dead);
    assert.deepEqual(told(await readEvents(target(), connection)).slice(1), [
      "system error interrupted",
    ]);
    const again = await begin(target(), principal, named);
    assert.equal(again["user_message_id"], dead["user_message_id"]);
    assert.deepEqual(told(await readEvents(target(), connection)), [
      "user message Once upon a time.",
    ]);
    await finish(target(), again);
    assert.equal((await readEvents(target(), connection)).length, 2);

    const call_id = randomUUID();
    const action = { message_id: again["message_id"], action: "regenerate", text: null };
    await begin(target(), principal, { kind: "realtime", ...action, call_id });
    await target().call("withdraw_turn", { call_id });
    assert.equal((await readEvents(target(), connection)).length, 2);
  });

  test("a session that nobody has opened is gone with its first turn when that is withdrawn", async () => {
    const user = newUser();
    const call_id = randomUUID();
    const { session_id } = await begin(target(), user, {
      ...turnIn(newConnection(user)),
      call_id,
    });
    await target().call("withdraw_turn", { call_id });
    for (const table of ["sessions", "live_sessions", "conversation_events", "jobs"]) {
      assert.deepEqual(await target().select(table, { session_id }), [], table);
    }
  });

  test("takes, edits and changed texts are events of their own, with the text of their time", async () => {
    const [connection] = await opened();
    const { principal } = connection;
    const first = await turn(connection, "One?", "One.");
    const kind = { kind: "realtime" };
    await retake(target(), principal, "regenerate", first["message_id"], "Won.", kind);
    await retake(target(), principal, "edit", first["user_message_id"], "Two.", {
      ...kind,
      text: "Two?",
    });
    await retake(target(), principal, "continue", first["message_id"], " And more.", kind);
    await editReply(target(), principal, first["message_id"], "Uno.");
    await editReply(target(), principal, first["message_id"], "Uno.");
    const events = await readEvents(target(), connection);
    assert.deepEqual(told(events), [
      "user message One?",
      "assistant message One.",
      "assistant message Won.",
      "user message Two?",
      "assistant message Two.",
      "assistant message One. And more.",
      "assistant message Uno.",
    ]);
    assert.equal(events[6]!["message_id"], first["message_id"]);
    assert.equal(events[6]!["metadata"].is_edited, true);
    assert.equal(events[1]!["metadata"].is_edited, undefined);
    assert.deepEqual(ids(events), [...ids(events)].sort((a, b) => a - b));
  });

  test("tools' calls and results are stored once, of a generation that is the session's", async () => {
    const [connection, { session_id }] = await opened();
    const { principal } = connection;
    const begun = await begin(target(), principal, turnIn(connection));
    const add = (changes: Row) =>
      target().call("add_conversation_event", {
        principal,
        session_id,
        generation_id: begun["generation_id"],
        type: "tool_call",
        role: "assistant",
        content: '{"name":"Mara"}',
        metadata: { call_id: "1", name: "look_up_character" },
        ...changes,
      });
    const { id } = await add({});
    assert.deepEqual(await add({}), { id });
    const result = { type: "tool_result", role: "tool", content: "A keeper." };
    assert.ok((await add(result))["id"] > id);
    const note = { type: "system", role: "system", generation_id: null, metadata: {}, content: "Hm." };
    assert.notDeepEqual(await add(note), await add(note));
    assert.deepEqual(told(await readEvents(target(), connection)), [
      "user message Once upon a time.",
      'assistant tool_call {"name":"Mara"}',
      "tool tool_result A keeper.",
      "system system Hm.",
      "system system Hm.",
    ]);
    const invalid = refusal(422, "invalid_request");
    for (const changes of [
      { type: "message" },
      { type: "tool_result" },
      { role: null },
      { content: 1 },
      { content: "x".repeat(262_145) },
      { metadata: [] },
      { metadata: { text: "x".repeat(65_536) } },
    ]) {
      await assert.rejects(add(changes), invalid);
    }
    const missing = refusal(404, "not_found");
    const other = await say(target(), principal, "Chat?", "Chat.");
    await assert.rejects(add({ generation_id: other["generation_id"] }), missing);
    await assert.rejects(add({ session_id: other["session_id"] }), missing, "of another kind");
    await assert.rejects(add({ principal: newUser() }), missing);
  });

  test("pages have what comes after an id, and say whether there is more", async () => {
    const [connection] = await opened();
    for (const number of [1, 2, 3]) await turn(connection, `${number}?`, `${number}.`);
    const all = await readEvents(target(), connection);
    assert.equal(all.length, 6);
    const [first, second, third] = await Promise.all([
      look(target(), connection, 0, { limit: 4 }),
      look(target(), connection, all[1]!["id"], { limit: 4 }),
      look(target(), connection, all[5]!["id"]),
    ]);
    assert.deepEqual([first!["events"], first!["has_more"]], [all.slice(0, 4), true]);
    assert.deepEqual([second!["events"], second!["has_more"]], [all.slice(2), false]);
    assert.deepEqual([third!["events"], third!["has_more"]], [[], false]);
    for (const state of [first, second, third]) {
      assert.equal(state!["last_event_id"], all[5]!["id"]);
    }
    const newest = await open(target(), connection, { limit: 2 });
    assert.deepEqual([newest["events"], newest["has_more"]], [all.slice(4), false]);
    const since = await open(target(), connection, { after_event_id: all[0]!["id"], limit: 2 });
    assert.deepEqual([since["events"], since["has_more"]], [all.slice(1, 3), true]);
    assert.deepEqual(await readEvents(target(), connection, { after: all[3]!["id"], limit: 1 }), [
      all[4],
    ]);
  });

  test("of long events a page has fewer, and at least one", async () => {
    const [connection] = await opened();
    const long = "x".repeat(150_000);
    await turn(connection, long, long.repeat(3));
    await turn(connection, "Short?", "Short.");
    const lengths = ({ events }: Row) => events.map(({ content }: Row) => content.length);
    const first = await look(target(), connection, 0);
    assert.deepEqual([lengths(first), first["has_more"]], [[150_000], true]);
    const second = await look(target(), connection, first["events"][0].id);
    assert.deepEqual([lengths(second), second["has_more"]], [[450_000], true]);
    const rest = await look(target(), connection, second["events"][0].id);
    assert.deepEqual([lengths(rest), rest["has_more"]], [[6, 6], false]);
    assert.deepEqual(lengths(await open(target(), connection)), [6, 6]);
  });

  test("a conversation of another kind has no events; a client's id is a text of its own", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "Chat?", "Chat.");
    assert.deepEqual(await target().select("conversation_events", { session_id }), []);
    for (const client_id of [1, "", "x".repeat(129)]) {
      const call = begin(target(), user, { message_metadata: { client_id } });
      await assert.rejects(call, refusal(422, "invalid_request"));
    }
    const turn = await begin(target(), user, { message_metadata: { client_id: "x".repeat(128) } });
    const message_id = turn["user_message_id"];
    const { metadata } = await only(target(), "messages", { message_id });
    assert.deepEqual(metadata, { client_id: "x".repeat(128) });
    await finish(target(), turn);
    const again = await act(target(), user, "regenerate", turn["message_id"]);
    assert.deepEqual(again["message_metadata"], metadata);
  });
}
