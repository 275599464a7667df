// Ends of turns together with everything that they race with, on a real PostgreSQL. A deadlock is no refusal
// and fails the test.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { newRequestHash } from "./actions.ts";
import { rounds, soon, split } from "./at_once.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { append, begin, finish, newUser, only, say, silence } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const WHOLE = "There was a fox.";

test("a call that is given up while it runs begins nothing, whichever comes first", async () => {
  const outcomes = { refused: 0, taken_back: 0 };
  await rounds(2, outcomes, { refused: 1, taken_back: 1 }, async () => {
    const user = newUser();
    const before = await say(target, user, "One?", "One.");
    const calls = Array.from({ length: 20 }, () => randomUUID());
    const begun = calls.map((call_id, index) =>
      soon(30, () => begin(target, user, index % 2 ? { call_id } : { call_id, session_id: before["session_id"] })),
    );
    const withdrawn = calls.map((call_id) =>
      soon(30, () => target.call("withdraw_turn", { call_id })),
    );
    const [begins, answers] = await Promise.all([
      Promise.allSettled(begun),
      Promise.all(withdrawn),
    ]);
    const { refusals } = split(begins);
    assert.ok(refusals.every((code) => ["database_unavailable", "turn_in_progress"].includes(code)));
    outcomes.refused += refusals.filter((code) => code === "database_unavailable").length;
    outcomes.taken_back += answers.filter(({ withdrawn }) => withdrawn).length;
    const owner_id = before["user_id"];
    assert.equal((await target.select("generations", { owner_id })).length, 1);
    assert.equal((await target.select("messages", { owner_id })).length, 2);
    assert.equal((await target.select("sessions", { owner_id })).length, 1);
    assert.equal((await target.select("projects", { owner_id })).length, 1);
    await assertSound(target);
  });
});

test("a slow writer and the next turn at once: the reply is whole or as it was", async () => {
  const outcomes = { gone_on: 0, stopped: 0 };
  await rounds(2, outcomes, { gone_on: 1, stopped: 1 }, async () => {
    const user = newUser();
    const turns = await Promise.all(Array.from({ length: 15 }, () => begin(target, user)));
    for (const turn of turns) {
      await append(target, turn, 0, "There was ");
      await silence(target, turn, 16);
    }
    const reapers = Array.from({ length: 4 }, () =>
      soon(40, () => target.call("reap_generations", { limit: 1000 })),
    );
    const others = turns.map(({ session_id }) => soon(60, () => begin(target, user, { session_id })));
    const writers = turns.map((turn) =>
      soon(60, async () => {
        const saved = await append(target, turn, 10, "a f");
        const from_offset: number = saved["saved_bytes"];
        return finish(target, turn, { from_offset: Math.min(from_offset, 13), text: WHOLE.slice(Math.min(from_offset, 13)) });
      }),
    );
    const [begins, ends] = await Promise.all([
      Promise.allSettled(others),
      Promise.all(writers),
      Promise.all(reapers),
    ]);
    const { refusals } = split(begins);
    assert.ok(refusals.every((code) => code === "turn_in_progress"));
    for (const [index, { generation_id, message_id }] of turns.entries()) {
      const { status, saved_bytes } = await only(target, "generations", { generation_id });
      const { content } = await only(target, "messages", { message_id });
      assert.equal(Buffer.byteLength(content), saved_bytes);
      assert.equal(ends[index]!["status"], status);
      assert.equal(status === "complete", content === WHOLE);
      assert.ok(WHOLE.startsWith(content));
      if (status === "complete") outcomes.gone_on += 1;
      else outcomes.stopped += 1;
      assert.equal((await target.select("usage", { generation_id })).length, 1);
    }
    await assertSound(target);
  });
});

test("of those who ask again for a turn that died without a word one runs it", async () => {
  for (let round = 0; round < 5; round += 1) {
    const user = newUser();
    const request: Row = { idempotency_key: randomUUID(), request_hash: newRequestHash() };
    const dead = await begin(target, user, request);
    await silence(target, dead, 16);
    const works: Promise<Row>[] = Array.from({ length: 6 }, () => soon(20, () => begin(target, user, request)));
    const reaper = soon(20, () => target.call("reap_generations", { limit: 1000 }));
    const [turns] = await Promise.all([Promise.all(works), reaper]);
    const running = turns.filter(({ replayed }) => !replayed);
    assert.equal(running.length, 1);
    assert.ok(turns.every(({ generation_id }) => generation_id === running[0]!["generation_id"]));
    await finish(target, running[0]!, { text: WHOLE });
    assert.equal((await begin(target, user, request))["status"], "complete");
    await assertSound(target);
  }
});
