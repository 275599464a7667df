// Concurrent workers that die, are late or are cancelled, on a real PostgreSQL. A deadlock is no refusal
// and fails the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { assertSeen, soon, split, times, untilAsleep, untilSeen } from "./at_once.ts";
import { newProject } from "./dossiers.ts";
import { describeJobs } from "./job_behaviour.ts";
import { describeModelCalls } from "./model_call_behaviour.ts";
import { change, claimOne, commitOne, KIND, readJob, startJob } from "./jobs.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { fail, wake } from "./tasks.ts";
import type { Row } from "./target.ts";
import { newUser, type Principal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeJobs(() => target);
describeModelCalls(() => target);

/** Removes the work of other tests. */
const clear = () => target.asOwner("delete from public.jobs");

test("fifty jobs of one owner beside one of another: it waits for one step at most", async () => {
  await clear();
  const [many, one] = [newUser(), newUser()];
  const [project_id, other_id] = [await newProject(target, many), await newProject(target, one)];
  const steps = [{}, {}];
  for (let jobs = 0; jobs < 50; jobs += 1) await startJob(target, many, project_id, { steps });
  for (let served = 0; served < 7; served += 1) await commitOne(target, (await claimOne(target))!);

  const { job_id } = await startJob(target, one, other_id, { steps });
  const waited: number[] = [];
  for (let others = 0; waited.length < 2; others += 1) {
    const step = (await claimOne(target))!;
    if (step["job_id"] === job_id) {
      waited.push(others);
      others = -1;
    }
    await commitOne(target, step);
  }
  assert.ok(waited.every((others) => others <= 1), `it waited for ${waited} steps`);

  // All the rest is done, each step once.
  for (let step = await claimOne(target); step !== null; step = await claimOne(target)) {
    await commitOne(target, step);
  }
  const open = "select from public.jobs where status <> 'done'";
  assert.deepEqual(await target.asOwner(open), []);
  const [{ steps: made, attempts }] = (await target.asOwner(
    "select count(*)::integer as steps, sum(attempts)::integer as attempts from public.job_steps",
  )) as [Row];
  assert.deepEqual([made, attempts], [102, 102]);
  await target.asOwner("update public.job_queues set next_due_at = now()");
  assert.equal(await claimOne(target), null);
  assert.deepEqual(await target.asOwner("select from public.job_queues"), [], "nobody is in line");
});

test("fifty poison jobs of one owner cost that owner alone", async () => {
  await clear();
  const [poisoner, one] = [newUser(), newUser()];
  const [project_id, other_id] = [await newProject(target, poisoner), await newProject(target, one)];
  const poison: Row[] = [];
  for (let jobs = 0; jobs < 50; jobs += 1) poison.push(await startJob(target, poisoner, project_id));
  const isPoison = (step: Row) => step["user_id"] === poisoner["subject"];
  /** The next worker: it dies of poison, and the lease ends. */
  const work = async (): Promise<"lost" | "done" | "idle"> => {
    const step = await claimOne(target);
    if (!step) return "idle";
    if (isPoison(step)) await wake(target, step);
    else await commitOne(target, step);
    return isPoison(step) ? "lost" : "done";
  };
  for (let lost = 0; lost < 5; lost += 1) assert.equal(await work(), "lost");
  // Whatever comes is done first, because the poison has cost workers.
  for (let jobs = 0; jobs < 10; jobs += 1) await startJob(target, one, other_id);
  const first = await work();
  const waited = first === "lost" ? 1 : 0;
  const order = [first];
  for (let steps = 0; steps < 9 + waited; steps += 1) order.push(await work());
  assert.ok(order.filter((end) => end === "lost").length <= 1, `${order}`);
  assert.equal(order.filter((end) => end === "done").length, 10);

  // When nobody waits, the poison is tried, three times each, and given up.
  let lost = 5 + waited;
  for (;;) {
    await target.asOwner("update public.job_queues set next_due_at = now()");
    const end = await work();
    if (end === "idle") break;
    lost += 1;
  }
  assert.equal(lost, 3 * 50);
  const failed = (await target.call("list_failed_jobs", { query: { limit: 100 } }))["body"] as Row[];
  const told = failed.filter(({ user_id }) => user_id === poisoner["subject"]);
  assert.equal(told.length, 50);
  for (const { attempts, lost_attempts, failures } of told) {
    assert.deepEqual([attempts, lost_attempts], [3, 3]);
    assert.deepEqual(failures.map(({ code, message }: Row) => [code, message]), [["interrupted", "Its workers have died."]]);
  }

  // A job that is tried again has all its attempts again; work that is done is trusted again.
  await change(target, poisoner, "retry_step", poison[0]!, { step: 1 });
  const step = (await claimOne(target))!;
  assert.equal(step["attempts"], 1);
  await commitOne(target, step);
});

test("an owner who has lost workers comes back into line with what is done", async () => {
  await clear();
  const user = newUser();
  const project_id = await newProject(target, user);
  const { job_id } = await startJob(target, user, project_id, { steps: [{}, {}, {}, {}], is_serial: false });
  const lostSteps = async () =>
    (await target.asOwner("select lost_steps from public.job_queues where owner_id = $1", [user["subject"]]))[0]?.["lost_steps"];
  for (let lost = 0; lost < 2; lost += 1) await wake(target, (await claimOne(target, { job_id }))!);
  const kept = (await claimOne(target, { job_id }))!;
  assert.equal(await lostSteps(), 2);
  await commitOne(target, kept);
  assert.equal(await lostSteps(), 1);
  await commitOne(target, (await claimOne(target, { job_id }))!);
  await commitOne(target, (await claimOne(target, { job_id }))!);
  assert.equal(await lostSteps(), 0);
});

test("owners take turns, whoever came first, and however many steps each has", async () => {
  await clear();
  const owners = [1, 2, 3].map(() => newUser());
  for (const [index, owner] of owners.entries()) {
    const project_id = await newProject(target, owner);
    for (let jobs = 0; jobs < 3 * (3 - index); jobs += 1) await startJob(target, owner, project_id);
  }
  const served: unknown[] = [];
  for (let step = await claimOne(target); step !== null; step = await claimOne(target)) {
    served.push(step["user_id"]);
    await commitOne(target, step);
  }
  assert.equal(served.length, 18);
  for (let round = 0; round < 3; round += 1) {
    assert.equal(new Set(served.slice(3 * round, 3 * round + 3)).size, 3, `${served}`);
  }
});

test("of thirty workers at once each gets another step, or none", async () => {
  await clear();
  const projects = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const user = newUser();
      return startJob(target, user, await newProject(target, user));
    }),
  );
  const { answers } = split(await times(30, () => claimOne(target)));
  const claimed = answers.filter((step) => step !== null).map((step) => step["job_id"]);
  assert.deepEqual(claimed.sort(), projects.map(({ job_id }) => job_id).sort());
});

test("a job that somebody holds is not waited for", async () => {
  await clear();
  const [held, free] = await Promise.all(
    [newUser(), newUser()].map(async (user) =>
      startJob(target, user, await newProject(target, user)),
    ),
  );
  const holding = target.tryAs(
    "service_role",
    `select from public.jobs where job_id = '${held!["job_id"]}' for update; select pg_sleep(1.5)`,
  );
  await untilAsleep(target);
  assert.equal((await claimOne(target))!["job_id"], free!["job_id"]);
  assert.equal(await claimOne(target), null);
  await holding;
  assert.equal((await claimOne(target))!["job_id"], held!["job_id"]);
});

interface Working {
  user: Principal;
  job: Row;
  end: "done" | "cancelled" | "paused";
}

test("workers that die, fail, are late, paused and cancelled: nothing is lost, nothing done twice", async () => {
  await clear();
  const ends = ["done", "paused", "cancelled"] as const;
  const working: Working[] = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const user = newUser();
      const steps = Array.from({ length: 8 }, (_, part) => ({ part }));
      const job = await startJob(target, user, await newProject(target, user), {
        steps,
        is_serial: index % 2 === 0,
      });
      return { user, job, end: ends[index % 3]! };
    }),
  );
  const outcomes = { done: 0, failed: 0, stale: 0, died: 0 };
  const needed = { done: 60, failed: 3, stale: 3, died: 3 };
  const made = new Map<string, number>();
  let isOver = false;

  async function worker(index: number): Promise<void> {
    while (!isOver) {
      const step = await claimOne(target, { lease_seconds: 1 });
      if (step === null) {
        await delay(10);
        continue;
      }
      const chance = Math.random();
      // Its lease ends while it works, or it dies. Seldom enough that no step is given up.
      const mayFail = step["attempts"] < 3;
      if (mayFail && chance < 0.2) await wake(target, step);
      if (mayFail && chance < 0.1) {
        outcomes.died += 1;
        continue;
      }
      await delay(Math.random() * 10);
      const isFailing = mayFail && Math.random() < 0.1;
      const end = isFailing
        ? fail(target, step).then(() => wake(target, step))
        : commitOne(target, step, { by: index });
      const [code] = split(await Promise.allSettled([end])).refusals;
      if (code !== undefined) {
        assert.equal(code, "stale_lease");
        outcomes.stale += 1;
      } else if (isFailing) {
        outcomes.failed += 1;
      } else {
        outcomes.done += 1;
        const key = `${step["job_id"]} ${step["step"]}`;
        made.set(key, (made.get(key) ?? 0) + 1);
      }
    }
  }
  async function owner({ user, job, end }: Working): Promise<void> {
    if (end === "done") return;
    await soon(300, () => change(target, user, "pause_job", job));
    if (end === "cancelled") {
      await soon(100, () => change(target, user, "cancel_job", job));
    } else {
      await soon(100, () => change(target, user, "resume_job", job));
    }
  }

  const workers = [0, 1, 2, 3, 4].map((index) => worker(index));
  await Promise.all(working.map(owner));
  const isSeen = untilSeen(outcomes, needed);
  const open = "select from public.jobs where status in ('queued', 'running', 'paused')";
  const more = newUser();
  const more_id = await newProject(target, more);
  while (!isSeen() || (await target.asOwner(open)).length > 0) {
    if (!isSeen()) await startJob(target, more, more_id, { steps: [{}, {}, {}] });
    await delay(50);
  }
  isOver = true;
  await Promise.all(workers);
  assertSeen(outcomes, needed);

  assert.ok([...made.values()].every((times) => times === 1), "each commit was of another step");
  for (const { user, job, end } of working) {
    const { status, steps, steps_done } = await readJob(target, user, job);
    assert.equal(status, end === "cancelled" && steps_done < steps ? "cancelled" : "done");
    if (status === "done") assert.equal(steps_done, 8);
  }
  const kept = await target.asOwner("select job_id, step from public.job_steps where status = 'done'");
  assert.deepEqual(
    kept.map(({ job_id, step }) => `${job_id} ${step}`).sort(),
    [...made.keys()].sort(),
    "what was committed is there, and nothing else",
  );
  const waiting = `select from public.job_steps where kind = '${KIND}' and status in ('waiting', 'queued', 'running')`;
  assert.deepEqual(await target.asOwner(waiting), []);
});
