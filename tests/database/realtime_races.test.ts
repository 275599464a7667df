// Connections of one session at once, on a real PostgreSQL: the embedded one runs one call at a time. A
// deadlock is no refusal and fails the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { randomUUID } from "node:crypto";
import { soon, split, times } from "./at_once.ts";
import {
  claimSummary,
  commitSummary,
  ids,
  leave,
  look,
  newConnection,
  open,
  openSteps,
  passTime,
  readEvents,
  readSession,
  told,
  turnIn,
} from "./realtime.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { append, begin, finish, newTokenHash, newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

test("20 connections that open one session at once have one, with one job", async () => {
  for (let round = 0; round < 5; round += 1) {
    const user =
      round % 2 === 0 ? newUser() : { kind: "new_guest", token_hash: newTokenHash() };
    const { answers, refusals } = split(await times(20, () => open(target, newConnection(user))));
    assert.deepEqual(refusals, []);
    const [{ session_id }] = answers as [Row];
    assert.ok(answers.every((answer) => answer["session_id"] === session_id));
    assert.equal(answers.filter(({ is_new }) => is_new).length, 1);
    assert.equal((await target.select("live_connections", { session_id })).length, 20);
    assert.equal((await openSteps(target, session_id)).length, 1);
  }
});

test("tabs that look while others speak, call tools and cancel miss nothing, and see nothing twice", async () => {
  const user = newUser();
  const first = newConnection(user);
  const { session_id } = await open(target, first);
  let is_over = false;
  async function speak(): Promise<void> {
    for (let number = 0; number < 10; ) {
      const { answers } = split(await times(1, () => soon(5, () => begin(target, user, turnIn(first)))));
      const [turn] = answers;
      if (!turn) continue;
      number += 1;
      const { generation_id } = turn;
      await append(target, turn, 0, "A ");
      await target.call("add_conversation_event", {
        principal: user,
        session_id,
        generation_id,
        type: "tool_call",
        role: "assistant",
        content: "{}",
        metadata: { call_id: randomUUID() },
      });
      await finish(target, turn, {
        from_offset: 2,
        text: "fox.",
        status: number % 3 === 0 ? "stopped" : "complete",
      });
    }
  }
  async function watch(): Promise<Row[]> {
    const connection = newConnection(user);
    const seen: Row[] = [];
    const since = () => (seen.at(-1)?.["id"] as number | undefined) ?? 0;
    const take = ({ events }: Row) => seen.push(...events);
    take(await open(target, connection, { after_event_id: 0, limit: 3 }));
    for (;;) {
      const was_over = is_over;
      const state = await soon(5, () => look(target, connection, since(), { limit: 3 }));
      take(state);
      if (was_over && !state["has_more"]) return seen;
    }
  }
  const watching = Promise.all([watch(), watch(), watch()]);
  await Promise.all([speak(), speak(), speak()]);
  is_over = true;
  const all = await target.asOwner(
    "select event_id::integer as id from public.conversation_events where session_id = $1 order by 1",
    [session_id],
  );
  assert.ok(all.length > 60);
  for (const seen of await watching) assert.deepEqual(ids(seen), ids(all));
  await assertSound(target);
});

test("leaving, coming back and the worker at once: no deadlock, and one summary at the end", async () => {
  const user = newUser();
  const first = newConnection(user);
  const { session_id } = await open(target, first);
  await say(target, user, "Who?", "A fox.", turnIn(first));
  const visit = async () => {
    for (let round = 0; round < 10; round += 1) {
      const connection = newConnection(user);
      await soon(10, () => open(target, connection));
      await soon(10, () => look(target, connection, 0));
      await soon(10, () => leave(target, connection));
    }
  };
  const work = async () => {
    for (let round = 0; round < 20; round += 1) {
      const step = await soon(10, () => claimSummary(target, session_id));
      if (!step) continue;
      await Promise.allSettled([commitSummary(target, step, "Early.")]);
    }
  };
  const forward = async () => {
    for (let round = 0; round < 10; round += 1) await soon(20, () => passTime(target, session_id, 61));
  };
  await Promise.all([visit(), visit(), work(), work(), forward()]);
  await leave(target, first);
  await passTime(target, session_id, 300);
  // A step whose lease was taken away ends by itself.
  let step = await claimSummary(target, session_id);
  while (step) {
    await commitSummary(target, step, "At last.");
    step = await claimSummary(target, session_id);
  }
  const { summary, end_time } = await readSession(target, first);
  assert.ok(summary && end_time);
  assert.deepEqual(await openSteps(target, session_id), []);
  const events = told(await readEvents(target, first));
  assert.deepEqual(events.slice(0, 2), ["user message Who?", "assistant message A fox."]);
  assert.ok(events.slice(2).every((event) => event === "system system The session goes on."));
});
