// The reaper together with turns that end, continue, or are taken over, on a real PostgreSQL. A
// deadlock is no refusal and fails the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { act } from "./actions.ts";
import { isAsleep, rounds, soon, split, times, untilAsleep } from "./at_once.ts";
import { ask } from "./lists.ts";
import { assertNothingOpen, assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { append, begin, finish, newTokenHash, newUser, only, say, silence } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const reap = async (request = {}): Promise<number> =>
  (await target.call("reap_generations", request))["reaped"];

test("reapers, late ends and next turns at once: each reply ends once, with one text", async () => {
  const outcomes = { reaped: 0, ended: 0, taken: 0 };
  await rounds(4, outcomes, { reaped: 1, ended: 1 }, async () => {
    const user = newUser();
    const turns = await Promise.all(Array.from({ length: 20 }, () => begin(target, user)));
    await Promise.all(
      turns.map(async (turn) => {
        await append(target, turn, 0, "There was ");
        await silence(target, turn, 16);
      }),
    );
    const works = turns.map((turn, index) =>
      soon(80, async () => {
        const { session_id } = turn;
        if (index % 4 === 0) return append(target, turn, 10, "a ");
        if (index % 4 === 1) return finish(target, turn, { from_offset: 10, text: "a fox." });
        if (index % 4 === 2) return begin(target, user, { session_id });
        return ask(target, user, "delete_session", { session_id });
      }),
    );
    const reapers = Array.from({ length: 6 }, () => soon(80, reap));
    const { refusals } = split(await Promise.allSettled(works));
    assert.deepEqual(refusals, []);
    const reaped = (await Promise.all(reapers)).reduce((sum, count) => sum + count);
    outcomes.reaped += reaped;
    for (const [index, turn] of turns.entries()) {
      const { generation_id, message_id } = turn;
      const { status } = await only(target, "generations", { generation_id });
      if (index % 4 === 1 && status === "complete") outcomes.ended += 1;
      if (index % 4 === 2) outcomes.taken += 1;
      if (status === "streaming") continue;
      const { content } = await only(target, "messages", { message_id });
      if (status === "complete") assert.equal(content, "There was a fox.");
      else assert.ok("There was a ".startsWith(content) && content.length >= 10, content);
    }
    await assertSound(target);
  });
});

test("what somebody works on is left, and not waited for", async () => {
  const [held, free] = await Promise.all([begin(target, newUser()), begin(target, newUser())]);
  await Promise.all([silence(target, held, 3000), silence(target, free, 16)]);
  const { session_id, generation_id } = held;
  for (const lock of [
    `select from public.sessions where session_id = '${session_id}' for no key update`,
    `select from public.generations where generation_id = '${generation_id}' for no key update`,
  ]) {
    const work = target.tryAs("service_role", `${lock}; select pg_sleep(1.5)`);
    await untilAsleep(target);
    await reap();
    assert.ok(await isAsleep(target), "the work has not ended yet");
    await work;
  }
  assert.equal((await only(target, "generations", { generation_id }))["status"], "streaming");
  const { status } = await only(target, "generations", { generation_id: free["generation_id"] });
  assert.equal(status, "interrupted");
  assert.equal(await reap(), 1);
});

test("after the reapers nothing is left open, and who writes on after the next turn changes nothing", async () => {
  const stop = "update public.generations set heartbeat_at = now() - interval '16 seconds'";
  await target.asOwner(`${stop} where status = 'streaming'`);
  while ((await reap()) > 0);
  const turns: Row[] = [];
  for (let index = 0; index < 40; index += 1) {
    const user = index % 2 ? newUser() : { kind: "new_guest", token_hash: newTokenHash() };
    const before = await say(target, user, "Once?", "Once.");
    const turn =
      index % 4 < 2
        ? await begin(target, user, { session_id: before["session_id"] })
        : await act(target, user, index % 8 < 4 ? "continue" : "regenerate", before["message_id"]);
    const { base_bytes, stream_id, session_id } = turn;
    if (index % 3 > 0) await append(target, turn, base_bytes, " A fox");
    if (index % 3 > 1) await append(target, turn, base_bytes + 6, " was there.");
    if (index % 5 === 0) await ask(target, user, "request_cancel", { stream_id });
    if (index % 10 === 7) await ask(target, user, "delete_session", { session_id });
    turns.push({ ...turn, user, is_deleted: index % 10 === 7 });
  }
  await target.asOwner(`${stop} where status = 'streaming'`);

  let reaped = 0;
  // Two at once, again and again: together they end each reply once.
  for (let round = 0; round < 20 && reaped < turns.length; round += 1) {
    const counts = await Promise.all([reap({ limit: 5 }), reap({ limit: 5 })]);
    for (const count of counts) reaped += count;
  }
  assert.equal(reaped, turns.length);
  assert.equal(await reap(), 0);
  await assertNothingOpen(target);
  await assertSound(target);

  for (const { user, session_id, is_deleted } of turns) {
    if (is_deleted) continue;
    const principal = user.kind === "new_guest" ? { ...user, kind: "guest" } : user;
    await say(target, principal, "And then?", "It slept.", { session_id });
  }

  const everything = async () => ({
    generations: await target.asOwner("select * from public.generations order by generation_id"),
    messages: await target.asOwner("select * from public.messages order by message_id"),
    sessions: await target.asOwner("select * from public.sessions order by session_id"),
    usage: await target.asOwner("select * from public.usage order by usage_id"),
    ends: await target.asOwner("select * from public.turn_ends order by turn_end_id"),
  });
  const stored = await everything();
  const { answers, refusals } = split(
    await times(3 * turns.length, (index) => {
      const turn = turns[Math.floor(index / 3)]!;
      const { base_bytes } = turn;
      if (index % 3 === 0) return append(target, turn, base_bytes, " A fox was there. And");
      if (index % 3 === 1) return append(target, turn, base_bytes, "");
      return finish(target, turn, {
        from_offset: base_bytes,
        text: " A fox was there. And so on.",
      });
    }),
  );
  assert.deepEqual(refusals, []);
  for (const { status, already } of answers) {
    assert.equal(status, "interrupted");
    assert.notEqual(already, false);
  }
  assert.deepEqual(await everything(), stored);

  await assertNothingOpen(target);
  await assertSound(target);
});
