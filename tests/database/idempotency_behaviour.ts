// A request that is repeated with its idempotency key, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, newRequestHash, read } from "./actions.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, only, refusal, say } from "./turns.ts";

export function describeIdempotency(target: () => Target): void {
  const named = (idempotency_key = "key") => ({ idempotency_key, request_hash: newRequestHash() });

  test("a repeated request is answered with the first one's turn", async () => {
    const user = newUser();
    const request = { ...named(), title: "Foxes" };
    const first = await begin(target(), user, request);
    const again = async () => begin(target(), user, request);
    const replay = (status: string): Row => ({ ...first, replayed: true, history: [], status });
    assert.deepEqual(await again(), replay("streaming"), "before it says that a turn is running");
    await append(target(), first, 0, "There was ");
    await finish(target(), first, { from_offset: 10, text: "a fox." });
    assert.deepEqual(await again(), replay("complete"));
    assert.equal((await read(target(), user, await again()))["text"], "There was a fox.");
    assert.equal((await messagesOf(target(), first)).length, 2);
    assert.equal((await target().select("sessions", { owner_id: first["user_id"] })).length, 1);
    assert.equal((await target().select("projects", { owner_id: first["user_id"] })).length, 1);
  });

  test("so is one in a session that has gone on, and one about a message", async () => {
    const user = newUser();
    const { session_id, ...one } = await say(target(), user, "One?", "One.");
    const requests = [
      { session_id, ...named("a") },
      { session_id: null, action: "regenerate", message_id: one["message_id"], ...named("b") },
      { session_id: null, action: "continue", message_id: one["message_id"], ...named("c") },
      { session_id, action: "edit", message_id: one["user_message_id"], ...named("d") },
    ];
    const firsts: Row[] = [];
    for (const request of requests) {
      const turn = await begin(target(), user, request);
      await finish(target(), turn, { from_offset: turn["base_bytes"], text: " And more." });
      firsts.push(turn);
    }
    const before = await messagesOf(target(), firsts[0]!);
    for (const [index, request] of requests.entries()) {
      const replay = await begin(target(), user, request);
      const expected = { ...firsts[index], replayed: true, history: [], status: "complete" };
      assert.deepEqual(replay, expected);
    }
    assert.deepEqual(await messagesOf(target(), firsts[0]!), before);
  });

  test("a key names one request of one caller", async () => {
    const user = newUser();
    const request = named();
    const first = await begin(target(), user, request);
    for (const changes of [named(), { ...named(), session_id: first["session_id"] }]) {
      await assert.rejects(begin(target(), user, changes), refusal(422, "idempotency_key_reused"));
    }
    const other = await begin(target(), newUser(), request);
    assert.deepEqual(
      [other["replayed"], other["session_id"] === first["session_id"]],
      [false, false],
    );
    const generation = await only(target(), "generations", {
      generation_id: first["generation_id"],
    });
    assert.deepEqual(
      [generation["idempotency_key"], generation["request_hash"]],
      [request.idempotency_key, request.request_hash],
    );
  });

  test("a turn that was refused has not used its key", async () => {
    const user = newUser();
    const first = await begin(target(), user);
    const request = { session_id: first["session_id"], ...named() };
    await assert.rejects(begin(target(), user, request), refusal(409, "turn_in_progress"));
    await finish(target(), first);
    assert.equal((await begin(target(), user, request))["replayed"], false);
  });

  test("the turn of a deleted session is not found, also by its key", async () => {
    const user = newUser();
    const request = named();
    const { session_id } = await say(target(), user, "Hello.", "Hello.", request);
    await target().update("sessions", { session_id }, { is_active: false });
    await assert.rejects(begin(target(), user, request), refusal(404, "not_found"));
  });

  test("a reply that was cancelled before it said anything is replayed as what it was", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const request = named();
    const turn = await act(target(), user, "continue", one["message_id"], request);
    await finish(target(), turn, { status: "stopped", from_offset: 4, text: "" });
    const replay = await act(target(), user, "continue", one["message_id"], request);
    assert.deepEqual([replay["replayed"], replay["status"]], [true, "stopped"]);
  });

  test("a turn counts against the limit that it names, repeating one does not", async () => {
    const user = newUser();
    const rate_limit = { action: "chat", max_requests: 2, window_seconds: 3600 };
    const request = { rate_limit, ...named() };
    const { session_id } = await say(target(), user, "One?", "One.", request);
    await say(target(), user, "Two?", "Two.", { session_id, rate_limit });
    assert.equal((await begin(target(), user, request))["replayed"], true);
    await assert.rejects(
      begin(target(), user, { session_id, rate_limit }),
      refusal(429, "rate_limited"),
    );
    assert.equal((await target().select("messages", { session_id })).length, 4);
    await begin(target(), user, { session_id });
  });

  test("a key has 1 to 255 characters and comes with a hash", async () => {
    const user = newUser();
    for (const changes of [
      { idempotency_key: "" },
      { idempotency_key: "k".repeat(256) },
      { request_hash: null },
      { request_hash: "abc" },
    ]) {
      await assert.rejects(
        begin(target(), user, { ...named(), ...changes }),
        refusal(422, "invalid_request"),
      );
    }
    assert.equal((await begin(target(), user, named("ü".repeat(255))))["replayed"], false);
    assert.equal((await begin(target(), user, { request_hash: "abc" }))["replayed"], false);
  });
}
