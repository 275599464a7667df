// Concurrent workers, turns and deletions, on a real PostgreSQL. A deadlock is no refusal and fails
// the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { chance } from "../chance.ts";
import { editReply } from "./actions.ts";
import { assertSeen, soon, split, times, untilAsleep, untilSeen } from "./at_once.ts";
import { ask } from "./lists.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { claim, commit, conversation, fail, numberOf, sized, turnOf, wake } from "./tasks.ts";
import { messagesOf, newUser, refusal, type Principal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

interface Working {
  user: Principal;
  session_id: string;
}

/** Sessions with work to do. */
function sessionsWithWork(count: number): Promise<Working[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const user = newUser();
      const session_id = await conversation(target, user, 8);
      await turnOf(target, user, 9, 4, { session_id });
      return { user, session_id };
    }),
  );
}

test("of 30 workers at once each gets another task, or none", async () => {
  const sessions = await sessionsWithWork(12);
  const { answers } = split(await times(30, () => claim(target)));
  const tasks = answers.filter((task) => task !== null);
  assert.deepEqual(
    tasks.map((task) => task["session_id"]).sort(),
    sessions.map(({ session_id }) => session_id).sort(),
  );
  for (const task of tasks) await commit(target, task, "Once.");
});

test("a task that somebody holds is not waited for", async () => {
  const [held, free] = await sessionsWithWork(2);
  const work = target.tryAs(
    "service_role",
    `select from public.jobs where session_id = '${held!.session_id}' for update;
     select pg_sleep(1.5)`,
  );
  await untilAsleep(target);
  const task = await claim(target);
  assert.equal(task?.["session_id"], free!.session_id);
  assert.equal(await claim(target), null);
  await work;
  for (const taken of [task, await claim(target)]) await commit(target, taken!, "Once.");
});

test("a step that is given up waits for nobody who has its session", async () => {
  const [{ session_id }] = (await sessionsWithWork(1)) as [Working];
  for (let attempt = 1; attempt <= 3; attempt += 1) await wake(target, (await claim(target))!);
  const jobStatus = async () => (await target.select("jobs", { session_id }))[0]!["status"];
  const work = target.tryAs(
    "service_role",
    `select from public.sessions where session_id = '${session_id}' for update;
     select pg_sleep(1.5)`,
  );
  await untilAsleep(target);
  assert.equal(await claim(target), null);
  assert.equal(await jobStatus(), "running");
  await work;
  assert.equal(await claim(target), null);
  assert.equal(await jobStatus(), "failed");
});

/**
 * While the workers continue; failed steps are made due, so that they are soon done or given up.
 */
async function untilNothingIsOpen(): Promise<void> {
  const open = "select from public.jobs where status in ('queued', 'running')";
  while ((await target.asOwner(open)).length > 0) await delay(50);
}

test("workers that die, fail and are late beside turns and deletions: one summary of each part", async () => {
  const sessions = await sessionsWithWork(10);
  const outcomes = { done: 0, failed: 0, stale: 0, gone: 0 };
  const needed = { done: 11, failed: 1, stale: 1 };
  const isSeen = untilSeen(outcomes, needed);
  let isOver = false;

  async function worker(index: number): Promise<void> {
    while (!isOver) {
      const task = await claim(target, { lease_seconds: 1 });
      if (task === null) {
        await delay(20);
        continue;
      }
      // Its lease ends while it works, or it dies.
      if (chance() < 0.3) await wake(target, task);
      if (chance() < 0.1) continue;
      await delay(chance() * 30);
      const isFailing = chance() < 0.2;
      const end = isFailing
        ? fail(target, task).then(() => wake(target, task))
        : commit(target, task, `By ${index}.`);
      const [code] = split(await Promise.allSettled([end])).refusals;
      if (code === undefined) outcomes[isFailing ? "failed" : "done"] += 1;
      else if (code === "stale_lease") outcomes.stale += 1;
      else {
        assert.equal(code, "not_found");
        outcomes.gone += 1;
      }
    }
  }
  async function speaker({ user, session_id }: Working, index: number): Promise<void> {
    // Those that are not deleted in the end.
    const goesOn = (turn: number) => turn < 6 || (index % 3 === 2 && !isSeen());
    for (let turn = 0; goesOn(turn); turn += 1) {
      await soon(60, () => turnOf(target, user, 11 + 2 * turn, 4, { session_id }));
    }
    if (index % 3 === 0) await ask(target, user, "delete_session", { session_id });
    if (index % 3 === 1) await ask(target, user, "delete_account");
  }

  const workers = Array.from({ length: 6 }, (_, index) => worker(index));
  await Promise.all(sessions.map(speaker));
  await untilNothingIsOpen();
  isOver = true;
  await Promise.all(workers);
  assertSeen(outcomes, needed);

  for (const [index, { session_id }] of sessions.entries()) {
    const summaries = await target.select("session_summaries", { session_id });
    // A deleted conversation's work may have been left undone.
    if (index % 3 === 1) assert.deepEqual(summaries, []);
    if (index % 3 === 2 && summaries.length === 0) {
      // Five of its workers in turn have died or failed.
      const [task] = await target.select("jobs", { session_id });
      assert.equal(task!["status"], "failed", `${index}`);
    }
    const until = summaries.map((summary: Row) => summary["until_position"]);
    assert.equal(new Set(until).size, until.length);
  }
  await assertSound(target);
});

test("who has claimed a task while a text of it was edited finds the lease gone", async () => {
  const [{ user, session_id }] = (await sessionsWithWork(1)) as [Working];
  const claiming = target.runAs(
    "service_role",
    "select public.claim_step($1) -> 'step' as task, pg_sleep(1.5)",
    [JSON.stringify({ kinds: ["session_summary"] })],
  );
  await untilAsleep(target);
  const [, reply] = await messagesOf(target, { session_id });
  await editReply(target, user, reply!["message_id"], sized(1000, 20));
  const [{ task }] = (await claiming) as [Row];
  assert.deepEqual([task.session_id, numberOf(task.messages[1])], [session_id, 2]);
  await assert.rejects(commit(target, task, "Of 2."), refusal(409, "stale_lease"));
  const again = (await claim(target))!;
  assert.deepEqual([again["attempts"], numberOf(again["messages"][1])], [1, 1000]);
  await commit(target, again, "Of 1000.");
});

test("texts that are edited while they are summarised: no summary that is sent is of an old one", async () => {
  const sessions = await sessionsWithWork(6);
  const outcomes = { committed: 0, stale: 0 };
  const needed = { committed: 11, stale: 1 };
  const isSeen = untilSeen(outcomes, needed);
  let isOver = false;

  // It writes the number that the first reply had when it was summarised.
  async function worker(): Promise<void> {
    while (!isOver) {
      const task = await claim(target);
      if (task === null) {
        await delay(10);
        continue;
      }
      await delay(chance() * 30);
      const seen = task["previous_summary"] ?? `${numberOf(task["messages"][1])}`;
      const { refusals } = split(await Promise.allSettled([commit(target, task, seen)]));
      assert.ok(refusals.every((code) => code === "stale_lease"));
      outcomes[refusals.length > 0 ? "stale" : "committed"] += 1;
    }
  }
  async function speaker({ user, session_id }: Working): Promise<string> {
    const [, reply] = await messagesOf(target, { session_id });
    let number = 0;
    for (let turn = 0; turn < 8 || !isSeen(); turn += 1) {
      await soon(40, () => turnOf(target, user, 11 + 2 * turn, 4, { session_id }));
      number = 1000 + turn;
      await soon(40, () => editReply(target, user, reply!["message_id"], sized(number, 20)));
    }
    await turnOf(target, user, 9999, 4, { session_id });
    return `${number}`;
  }

  const workers = [worker(), worker(), worker()];
  const last = await Promise.all(sessions.map(speaker));
  await untilNothingIsOpen();
  isOver = true;
  await Promise.all(workers);
  assertSeen(outcomes, needed);
  for (const [index, { session_id }] of sessions.entries()) {
    const summaries = await target.select("session_summaries", { session_id, is_stale: false });
    assert.ok(summaries.length > 0);
    for (const { summary } of summaries) assert.equal(summary, last[index]);
  }
  await assertSound(target);
});
