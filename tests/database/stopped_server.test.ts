// A PostgreSQL whose processes are stopped and continued, with callers that wait, give up, and come again.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { newRequestHash } from "./actions.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { append, begin, finish, newUser, only, say, silence } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** Stops all processes of the server, begins the work, and continues them after the duration. */
async function whileStopped<T>(duration_ms: number, work: () => Promise<T>): Promise<T> {
  // Opens all connections before: a new one would wait for the postmaster.
  await Promise.all(Array.from({ length: 40 }, () => target.tryAs("service_role", "select pg_sleep(0.05)")));
  const [{ data_directory } = {}] = await target.asOwner("show data_directory");
  const file = await readFile(join(data_directory, "postmaster.pid"), "utf8");
  const backends = await target.asOwner("select pid from pg_stat_activity");
  const pids = [Number(file.split("\n")[0]), ...backends.map(({ pid }) => pid as number)];
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    const result = work();
    result.catch(() => {});
    await delay(duration_ms);
    for (const pid of pids) process.kill(pid, "SIGCONT");
    return await result;
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}

test("what was given up while the server stood still does not begin when it goes on", async () => {
  const user = newUser();
  const before = await say(target, user, "One?", "One.");
  const { session_id, user_id } = before;
  const calls = Array.from({ length: 10 }, () => randomUUID());
  await whileStopped(3000, async () => {
    const begun = calls.map((call_id, index) =>
      begin(target, user, { call_id, session_id: index % 2 === 0 ? session_id : null }),
    );
    const results = Promise.allSettled(begun);
    // The edge does the same when it has waited long enough.
    await delay(1000);
    await Promise.all(calls.map((call_id) => target.call("withdraw_turn", { call_id })));
    await results;
  });
  assert.equal((await target.select("generations", { owner_id: user_id })).length, 1);
  assert.equal((await target.select("messages", { owner_id: user_id })).length, 2);
  assert.equal((await target.select("sessions", { owner_id: user_id })).length, 1);
  await say(target, user, "And then?", "It slept.", { session_id });
  await assertSound(target);
});

test("the same key, sent again while the server stands still, runs once", async () => {
  const user = newUser();
  const request: Row = { idempotency_key: randomUUID(), request_hash: newRequestHash() };
  const given_up = randomUUID();
  await whileStopped(2000, async () => {
    const first = begin(target, user, { ...request, call_id: given_up }).catch(() => {});
    await delay(500);
    const second = begin(target, user, { ...request, call_id: randomUUID() });
    await target.call("withdraw_turn", { call_id: given_up });
    await Promise.allSettled([first, second]);
  });
  // Whichever call came first, the turn runs already, or begins now.
  const turn = await begin(target, user, { ...request, call_id: randomUUID() });
  await finish(target, turn, { text: "There was a fox." });
  const generations = await target.select("generations", { owner_id: turn["user_id"] });
  assert.equal(generations.length, 1);
  const told = await begin(target, user, request);
  assert.deepEqual([told["replayed"], told["status"]], [true, "complete"]);
  await assertSound(target);
});

test("a reply is whole although the server stood still until it was taken for dead", async () => {
  const user = newUser();
  for (let round = 0; round < 3; round += 1) {
    const turn = await begin(target, user);
    await append(target, turn, 0, "There was ");
    await whileStopped(1500, async () => {
      // When it continues, both run: the reaper, to which the last beat is old, and the writer.
      const reaped = silence(target, turn, 61).then(() =>
        target.call("reap_generations", { limit: 1000 }),
      );
      const saved = append(target, turn, 10, "a f");
      await Promise.all([reaped, saved]);
    });
    const saved = await append(target, turn, 10, "a fox");
    assert.equal(saved["status"], "streaming");
    const from_offset: number = saved["saved_bytes"];
    const ended = await finish(target, turn, { from_offset, text: "a fox.".slice(from_offset - 10) });
    assert.deepEqual([ended["status"], ended["saved_bytes"]], ["complete", 16]);
    const { message_id, generation_id } = turn;
    assert.equal((await only(target, "messages", { message_id }))["content"], "There was a fox.");
    assert.equal((await target.select("usage", { generation_id })).length, 1);
    await assertSound(target);
  }
});
