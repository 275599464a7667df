// Turns that nobody waits for any more, in either database: given up by their caller, or left by a writer
// that has died before any text.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { newRequestHash } from "./actions.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, only, refusal, say, silence } from "./turns.ts";

export function describeWithdrawals(target: () => Target): void {
  const withdraw = async (call_id: string): Promise<boolean> =>
    (await target().call("withdraw_turn", { call_id }))["withdrawn"];
  const tooLate = refusal(503, "database_unavailable");

  test("a call that was given up before it came begins nothing", async () => {
    const user = newUser();
    const before = await say(target(), user, "One?", "One.");
    const { session_id } = before;
    const call_id = randomUUID();
    assert.equal(await withdraw(call_id), false);
    await assert.rejects(begin(target(), user, { session_id, call_id }), tooLate);
    assert.equal((await messagesOf(target(), before)).length, 2);
    assert.equal(await withdraw(call_id), false);
    await begin(target(), user, { session_id, call_id: randomUUID() });
  });

  test("one that was given up too late is taken back, with all that it has made", async () => {
    const user = newUser();
    const before = await say(target(), user, "One?", "One.");
    const { session_id, message_id, user_message_id, user_id } = before;
    const session = await only(target(), "sessions", { session_id });
    const messages = await messagesOf(target(), before);
    const requests: Row[] = [
      { session_id },
      { session_id: null },
      { action: "edit", message_id: user_message_id, text: "Two?" },
      { action: "regenerate", message_id, text: null },
      { action: "continue", message_id, text: null },
    ];
    for (const request of requests) {
      const call_id = randomUUID();
      const turn = await begin(target(), user, { ...request, call_id });
      assert.equal(await withdraw(call_id), true);
      assert.equal(await withdraw(call_id), false);
      const saved = append(target(), turn, 0, "There");
      await assert.rejects(saved, refusal(404, "not_found"));
      assert.deepEqual(await messagesOf(target(), before), messages);
      const { updated_at, last_message_at, ...now } = await only(target(), "sessions", {
        session_id,
      });
      const { updated_at: _, last_message_at: __, ...then } = session;
      assert.deepEqual(now, then);
      assert.equal((await target().select("sessions", { owner_id: user_id })).length, 1);
      assert.equal((await target().select("projects", { owner_id: user_id })).length, 1);
    }
    await say(target(), user, "And then?", "It slept.", { session_id });
  });

  test("a question that an earlier request has said stays", async () => {
    const user = newUser();
    const request = named();
    const first = await begin(target(), user, request);
    await die(first, "reaped");
    const call_id = randomUUID();
    await begin(target(), user, { ...request, call_id });
    assert.equal(await withdraw(call_id), true);
    const [question] = await messagesOf(target(), first);
    assert.equal(question!["message_id"], first["user_message_id"]);
    const session = await only(target(), "sessions", { session_id: first["session_id"] });
    assert.equal(session["active_leaf_id"], first["user_message_id"]);
    const again = await begin(target(), user, request);
    assert.deepEqual(
      [again["replayed"], again["user_message_id"]],
      [false, first["user_message_id"]],
    );
  });

  test("a turn of which something was said is not taken back", async () => {
    const user = newUser();
    const call_id = randomUUID();
    const turn = await begin(target(), user, { call_id });
    await append(target(), turn, 0, "There was ");
    assert.equal(await withdraw(call_id), false);
    await finish(target(), turn, { from_offset: 10, text: "a fox." });
    assert.equal(await withdraw(call_id), false);
    assert.equal((await messagesOf(target(), turn)).length, 2);
  });

  test("who waits no longer than it has taken is refused", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "One?", "One.");
    await assert.rejects(begin(target(), user, { session_id, wait_ms: 0 }), tooLate);
    await begin(target(), user, { session_id, wait_ms: 60_000 });
  });

  const named = () => ({ idempotency_key: randomUUID(), request_hash: newRequestHash() });

  for (const how of ["reaped", "silent", "never heard of"] as const) {
    test(`a named turn that died without a word runs when it is asked for again: ${how}`, async () => {
      const user = newUser();
      const before = await say(target(), user, "One?", "One.");
      const { session_id, message_id, user_message_id } = before;
      const requests: Row[] = [
        { session_id },
        { session_id: null },
        { session_id, stream_id: randomUUID() },
        { action: "edit", message_id: user_message_id, text: "Two?" },
        { action: "regenerate", message_id, text: null },
        { action: "continue", message_id, text: null },
      ];
      for (const request of requests) {
        const whole = { ...request, ...named() };
        const first = await begin(target(), user, whole);
        await die(first, how);
        const again = await begin(target(), user, whole);
        assert.equal(again["replayed"], false);
        assert.notEqual(again["generation_id"], first["generation_id"]);
        for (const same of ["session_id", "user_message_id", "turn_number", "base_bytes", "created_session"]) {
          assert.equal(again[same], first[same], same);
        }
        assert.deepEqual(again["history"], first["history"]);
        const text = " A fox.";
        await finish(target(), again, { from_offset: again["base_bytes"], text });
        assert.equal((await begin(target(), user, whole))["status"], "complete");
        const reply = await only(target(), "messages", { message_id: again["message_id"] });
        assert.ok(reply["content"].endsWith(text));
        const session = await only(target(), "sessions", { session_id: again["session_id"] });
        assert.equal(session["active_leaf_id"], again["message_id"]);
        // The writer that was considered dead is told to stop.
        await assert.rejects(append(target(), first, 0, "x"), refusal(404, "not_found"));
      }
    });
  }

  async function die(turn: Row, how: "reaped" | "silent" | "never heard of"): Promise<void> {
    if (how === "never heard of") {
      const at = new Date(Date.now() - 16_000).toISOString();
      const { generation_id } = turn;
      await target().update("generations", { generation_id }, { started_at: at, heartbeat_at: at });
      return;
    }
    await silence(target(), turn, 16);
    if (how === "reaped") await target().call("reap_generations", { limit: 1000 });
  }

  test("one that has said something, or after which something came, is told as it was", async () => {
    const user = newUser();
    const spoken = named();
    const turn = await begin(target(), user, spoken);
    await append(target(), turn, 0, "There was ");
    await die(turn, "reaped");
    const told = await begin(target(), user, spoken);
    assert.deepEqual([told["replayed"], told["status"]], [true, "interrupted"]);

    const followed = named();
    const dead = await begin(target(), user, followed);
    const { session_id } = dead;
    await die(dead, "reaped");
    await say(target(), user, "Hello?", "Yes.", { session_id });
    const then = await begin(target(), user, followed);
    assert.deepEqual([then["replayed"], then["status"]], [true, "interrupted"]);
  });

  test("a turn of which nothing is heard holds its session for 14 seconds", async () => {
    const user = newUser();
    const { session_id, ...turn } = await begin(target(), user);
    await assert.rejects(begin(target(), user, { session_id }), refusal(409, "turn_in_progress"));
    await die(turn, "never heard of");
    await begin(target(), user, { session_id });
  });

  test("a withdrawal is kept for an hour", async () => {
    const [old, young] = [randomUUID(), randomUUID()];
    await withdraw(old);
    await withdraw(young);
    const created_at = new Date(Date.now() - 3_700_000).toISOString();
    await target().update("withdrawn_calls", { call_id: old }, { created_at });
    await target().call("reap_generations", {});
    assert.equal((await target().select("withdrawn_calls", { call_id: old })).length, 0);
    assert.equal((await target().select("withdrawn_calls", { call_id: young })).length, 1);
  });

  test("what is deleted meanwhile is nothing to take back", async () => {
    const user = newUser();
    const call_id = randomUUID();
    const { session_id } = await begin(target(), user, { call_id });
    await ask(target(), user, "delete_session", { session_id });
    assert.equal(await withdraw(call_id), false);
  });
}
