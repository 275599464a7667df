// Plans on a real PostgreSQL: shares that many take at once, and whose workers die.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { chance } from "../chance.ts";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { split, times } from "./at_once.ts";
import { newProject } from "./dossiers.ts";
import { change, commitOne, KIND } from "./jobs.ts";
import {
  beginWithShare, CALL, CALL_TOKENS, cancel, claimOf, givePlan, ONE_CALL, usageOf,
} from "./plan_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { fail, leaseOf, wake } from "./tasks.ts";
import { Refusal, type Row } from "./target.ts";
import { begin, finish, newUser, refusal, type Principal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const report = (step: Row, user_id: string, calls: Row[]) =>
  target.call("record_model_calls", {
    ...leaseOf(step), kind: step["kind"], user_id, project_id: step["project_id"], calls,
  });

test("fifty calls at once at the edge of a plan: exactly what fits is admitted", async () => {
  const user = newUser();
  await givePlan(target, user, { calls: 20, tokens: 100_000 });
  const projects = await Promise.all([1, 2, 3, 4, 5].map(() => newProject(target, user)));
  const share = { calls: 3, tokens: 100, images: 0 };
  const { answers, refusals } = split(
    await times(50, (index) => beginWithShare(target, user, projects[index % 5]!, share)),
  );
  assert.equal(answers.length, 6);
  assert.deepEqual(refusals, Array(44).fill("plan_exceeded"));
  const { usage, reserved, limit } = await usageOf(target, user);
  assert.deepEqual(usage, { calls: 0, tokens: 0, images: 0 });
  assert.deepEqual(reserved, { calls: 18, tokens: 600, images: 0 });
  assert.deepEqual(limit, { calls: 20, tokens: 100_000, images: null });
  const jobs = await target.asOwner("select from public.jobs where project_id = any ($1)", [projects]);
  assert.equal(jobs.length, 6, "a refusal leaves no job");
});

test("fifty at a time, whose workers die, fail and are cancelled, whose projects are deleted: the plan holds", async () => {
  const limit = 60;
  const user = newUser();
  await givePlan(target, user, { calls: limit });
  const shared_id = await newProject(target, user);
  const [{ owner_id }] = (await target.select("projects", { project_id: shared_id })) as [Row];
  const ends = { done: 0, failed: 0, died: 0, cancelled: 0, deleted: 0, late: 0 };
  let refused = 0;
  let isOver = false;

  async function end(job_id: string, project_id: string): Promise<void> {
    const step = await claimOf(target, job_id);
    await delay(chance() * 20);
    const kinds = Object.keys(ends) as (keyof typeof ends)[];
    const kind = kinds[Math.floor(chance() * kinds.length)]!;
    ends[kind] += 1;
    if (kind === "done") await commitOne(target, step, {}, { calls: [CALL] });
    if (kind === "failed") {
      await target.asOwner("update public.job_steps set attempts = 5 where job_id = $1", [job_id]);
      await fail(target, step, { calls: [{ ...CALL, status: "failed" }] });
    }
    if (kind === "died") {
      await wake(target, step);
      const again = await claimOf(target, job_id);
      await commitOne(target, again, {}, { calls: [] });
    }
    if (kind === "cancelled") await cancel(target, user, job_id);
    if (kind === "deleted") await target.call("delete_project", { principal: user, project_id });
    if (kind === "late") {
      await cancel(target, user, job_id);
      await report(step, owner_id, [CALL]);
    }
  }
  async function caller(): Promise<void> {
    for (let round = 0; round < 4 && !isOver; round += 1) {
      const project_id = await newProject(target, user);
      try {
        await end(await beginWithShare(target, user, project_id), project_id);
      } catch (error) {
        assert.ok(error instanceof Refusal && error.code === "plan_exceeded", String(error));
        refused += 1;
      }
    }
  }
  const watching = (async () => {
    while (!isOver) {
      const { usage, reserved } = await usageOf(target, user);
      // A call that was running when its job was cancelled counts as soon as it is reported.
      assert.ok(usage.calls + reserved.calls <= limit + ends.late, JSON.stringify({ usage, reserved }));
      await delay(5);
    }
  })();
  const callers = await times(50, caller);
  isOver = true;
  await watching;
  split(callers);
  console.log({ ...ends, refused });
  assert.ok(Object.values(ends).every((count) => count > 0));

  const { usage, reserved } = await usageOf(target, user);
  const ledger = await target.select("model_calls", { owner_id });
  assert.equal(reserved.calls, 0, "nothing is left behind");
  assert.equal(usage.calls, ledger.length);
  assert.equal(usage.calls, ends.done + ends.failed + ends.died + ends.late);
  const rest = Math.max(limit - usage.calls, 0);
  const more = split(await times(50, () => beginWithShare(target, user, shared_id)));
  assert.equal(more.answers.length, Math.min(rest, 50));
});

test("a refusal says what is used, what may be used, and until when", async () => {
  const user = newUser();
  const plan = await givePlan(target, user, { tokens: 150, images: 0 });
  const project_id = await newProject(target, user);
  const step = await claimOf(target, await beginWithShare(target, user, project_id));
  await commitOne(target, step, {}, { calls: [CALL] });
  const over = { calls: 1, tokens: 109, images: 1 };
  await assert.rejects(beginWithShare(target, user, project_id, over), (error: Refusal) => {
    assert.deepEqual([error.status, error.code], [429, "plan_exceeded"]);
    assert.match(error.message, /too few images and tokens left/);
    const { members, retry_after_s } = JSON.parse(error.hint);
    const now = new Date();
    const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    assert.equal(Date.parse(members.resets_at), next);
    assert.ok(Math.abs(retry_after_s - (next - Date.now()) / 1000) < 60);
    assert.deepEqual({ ...members, resets_at: "" }, {
      plan,
      usage: { calls: 1, tokens: CALL_TOKENS, images: 0 },
      reserved: { calls: 0, tokens: 0, images: 0 },
      limit: { calls: null, tokens: 150, images: 0 },
      resets_at: "",
      stored: { bytes: members.stored.bytes, limit_bytes: null },
    });
    return true;
  });
  await beginWithShare(target, user, project_id, { calls: 1, tokens: 108, images: 0 });
});

test("what a job has used goes out of what it has reserved, and counts beyond it", async () => {
  const user = newUser();
  await givePlan(target, user, { calls: 10 });
  const project_id = await newProject(target, user);
  const share = { calls: 2, tokens: 50, images: 1 };
  const job_id = await beginWithShare(target, user, project_id, share, { steps: [{}, {}, {}] });
  const seen: unknown[] = [];
  for (let step = 1; step <= 3; step += 1) {
    await commitOne(target, await claimOf(target, job_id), {}, { calls: [CALL] });
    const { usage, reserved } = await usageOf(target, user);
    seen.push([usage.calls, reserved.calls, usage.tokens, reserved.tokens, reserved.images]);
  }
  assert.deepEqual(seen, [[1, 1, 42, 8, 1], [2, 0, 84, 0, 1], [3, 0, 126, 0, 0]]);
});

test("the call of a dead worker counts once, whenever and however often it is reported", async () => {
  const user = newUser();
  const project_id = await newProject(target, user);
  const [{ owner_id }] = (await target.select("projects", { project_id })) as [Row];
  const used = async () => (await usageOf(target, user))["usage"];
  const job_id = await beginWithShare(target, user, project_id);
  const lost = await claimOf(target, job_id);
  await wake(target, lost);
  const step = await claimOf(target, job_id);
  assert.deepEqual(await used(), { calls: 1, tokens: 0, images: 0 });
  await commitOne(target, step, {}, { calls: [CALL] });
  await report(lost, owner_id, [CALL]);
  await report(lost, owner_id, [CALL]);
  assert.deepEqual(await used(), { calls: 2, tokens: 2 * CALL_TOKENS, images: 0 });

  const deleted = await claimOf(target, await beginWithShare(target, user, project_id));
  await target.call("delete_project", { principal: user, project_id });
  assert.deepEqual((await usageOf(target, user))["reserved"], { calls: 0, tokens: 0, images: 0 });
  await report(deleted, owner_id, [CALL, CALL]);
  await report(deleted, owner_id, [CALL, CALL]);
  assert.deepEqual(await used(), { calls: 4, tokens: 4 * CALL_TOKENS, images: 0 });
});

test("a job that is tried again takes the rest of its share again, if it fits", async () => {
  const user = newUser();
  await givePlan(target, user, { calls: 3 });
  const project_id = await newProject(target, user);
  const job_id = await beginWithShare(target, user, project_id, { ...ONE_CALL, calls: 2 });
  await target.asOwner("update public.job_steps set attempts = 4 where job_id = $1", [job_id]);
  await fail(target, await claimOf(target, job_id), { calls: [CALL] });
  assert.equal((await usageOf(target, user))["reserved"].calls, 0);

  const retry = () => change(target, user, "retry_step", { job_id }, { step: 1 });
  const others = [await beginWithShare(target, user, project_id), await beginWithShare(target, user, project_id)];
  await assert.rejects(retry(), refusal(429, "plan_exceeded"));
  await cancel(target, user, others[0]!);
  assert.equal((await retry())["status"], "queued");
  assert.deepEqual([(await usageOf(target, user))["usage"].calls, (await usageOf(target, user))["reserved"].calls], [1, 2]);
  await commitOne(target, await claimOf(target, job_id), {}, { calls: [CALL] });
  const { usage, reserved } = await usageOf(target, user);
  assert.deepEqual([usage.calls, reserved.calls], [2, 1]);
});

test("a new month begins with nothing used; what began before it counts there", async () => {
  const user = newUser();
  await givePlan(target, user, { calls: 1 });
  const project_id = await newProject(target, user);
  const job_id = await beginWithShare(target, user, project_id);
  const step = await claimOf(target, job_id);
  await assert.rejects(beginWithShare(target, user, project_id), refusal(429, "plan_exceeded"));
  await target.asOwner(
    "update public.plan_shares set month = month - interval '1 month' where source_id = $1", [job_id],
  );
  await beginWithShare(target, user, project_id);
  await commitOne(target, step, {}, { calls: [CALL] });
  const { month, usage, reserved, resets_at } = await usageOf(target, user);
  assert.deepEqual([usage.calls, reserved.calls], [0, 1]);
  assert.equal(month, new Date().toISOString().slice(0, 7));
  assert.ok(Date.parse(resets_at) > Date.now());
  const [old] = await target.select("plan_shares", { source_id: job_id });
  assert.deepEqual([old!["used_calls"], old!["settled_at"] !== null], ["1", true]);
});

test("months are those of UTC, whatever the connection's zone is", async () => {
  const rows = await target.tryAs(
    "service_role",
    `set local timezone to 'Pacific/Kiritimati';
     select private.month_of('2026-12-31T23:59:59Z')::text as december,
       private.month_of('2027-01-01T00:00:00Z')::text as january,
       private.end_of_month('2026-12-01') as resets_at`,
  );
  assert.deepEqual(rows, [
    { december: "2026-12-01", january: "2027-01-01", resets_at: "2027-01-01T00:00:00.000000Z" },
  ]);
});

test("a plan without limits admits all; a plan that changes in the month holds for what was used before", async () => {
  const user = newUser();
  const name = await givePlan(target, user, {});
  const project_id = await newProject(target, user);
  const job_id = await beginWithShare(target, user, project_id, {
    calls: 2_000_000_000, tokens: 9_000_000_000_000, images: 2_000_000_000,
  });
  await commitOne(target, await claimOf(target, job_id), {}, { calls: [CALL, CALL, CALL] });
  await givePlan(target, user, { calls: 3 }, name);
  await assert.rejects(beginWithShare(target, user, project_id), refusal(429, "plan_exceeded"));
  await givePlan(target, user, { calls: 4 });
  await beginWithShare(target, user, project_id);
  await assert.rejects(beginWithShare(target, user, project_id), refusal(429, "plan_exceeded"));
});

test("what a guest has used counts for the account that the guest moves to", async () => {
  const account = await personOf(target, newUser());
  const guest = await guestOf(target);
  const begin = async (person: typeof guest) =>
    beginWithShare(target, person.principal, await newProject(target, person.principal));
  await begin(account);
  await commitOne(target, await claimOf(target, await begin(guest)), {}, { calls: [CALL] });
  const open_id = await begin(guest);
  const step = await claimOf(target, open_id);
  await target.call("set_plan", { user_id: guest.id, body: { plan: "basic" } });
  await migrate(target, account, guest);
  const { plan, usage, reserved } = await usageOf(target, account.principal);
  assert.deepEqual([plan, usage.calls, reserved.calls], ["basic", 1, 2]);
  await commitOne(target, step, {}, { calls: [CALL] });
  assert.equal((await usageOf(target, account.principal))["usage"].calls, 2);
  assert.deepEqual(await target.select("plan_shares", { owner_id: guest.id }), []);
  assert.deepEqual(await target.select("principal_plans", { owner_id: guest.id }), []);
});

test("admissions race with the account's deletion: nothing is left of it", async () => {
  for (let round = 0; round < 5; round += 1) {
    const person = await personOf(target, newUser());
    const project_id = await newProject(target, person.principal);
    const steps = await Promise.all(
      [1, 2, 3].map(async () => claimOf(target, await beginWithShare(target, person.principal, project_id))),
    );
    split(await Promise.allSettled([
      ...Array.from({ length: 10 }, () => beginWithShare(target, person.principal, project_id)),
      target.call("delete_account", { principal: person.principal }),
      ...steps.map((step) => commitOne(target, step, {}, { calls: [CALL] })),
      ...steps.map((step) => report(step, person.id, [CALL])),
    ]));
    for (const table of ["plan_shares", "principal_plans", "model_calls"]) {
      assert.deepEqual(await target.select(table, { owner_id: person.id }), [], table);
    }
  }
});

test("the operator makes, changes, gives and deletes plans", async () => {
  const body = { calls_a_month: 7, tokens_a_month: null, images_a_month: 0 };
  const saved = { name: "writers", ...body, stored_bytes: null, is_default: false };
  assert.deepEqual(await target.call("save_plan", { plan_name: "writers", body }), { body: saved, status: 201 });
  assert.deepEqual(await target.call("save_plan", { plan_name: "writers", body }), { body: saved, status: 200 });
  await assert.rejects(target.call("save_plan", { plan_name: "No Name", body }), refusal(422, "invalid_request"));
  const plans = async () => (await target.call("list_plans", {}))["body"] as Row[];
  const named = (await plans()).map(({ name }) => name);
  assert.deepEqual(named, [...named].sort());
  for (const name of ["free", "basic", "pro", "writers"]) assert.ok(named.includes(name));

  const user_id = newUser()["subject"] as string;
  const given = await target.call("set_plan", { user_id, body: { plan: "writers" } });
  assert.deepEqual([given["body"].plan, given["body"].limit], ["writers", { calls: 7, tokens: null, images: 0 }]);
  const remove = (name: string) => target.call("delete_plan", { plan_name: name });
  await assert.rejects(remove("writers"), refusal(422, "invalid_request"));
  await assert.rejects(remove("free"), refusal(422, "invalid_request"));
  await assert.rejects(remove("nothing"), refusal(404, "not_found"));
  await assert.rejects(target.call("set_plan", { user_id, body: { plan: "nothing" } }), refusal(404, "not_found"));
  assert.equal((await target.call("set_plan", { user_id, body: { plan: null } }))["body"].plan, "free");
  await remove("writers");

  const save = (name: string, is_default: boolean) =>
    target.call("save_plan", { plan_name: name, body: { ...body, is_default } });
  await assert.rejects(save("free", false), refusal(422, "invalid_request"));
  const { answers } = split(await times(8, (index) => save(`default_${index % 4}`, true)));
  assert.equal(answers.length, 8);
  assert.equal((await plans()).filter(({ is_default }) => is_default).length, 1);
  const [old] = await target.select("plans", { name: "free" });
  await target.call("save_plan", { plan_name: "free", body: { ...old, is_default: true } });
  await remove("default_0");
});

test("a token's plan counts unless the operator has assigned one; a name that no plan has is the default", async () => {
  const user = newUser();
  const planWith = async (principal: Principal) => (await usageOf(target, principal))["plan"];
  const claiming = (plan: string) => ({ ...user, plan });
  assert.equal(await planWith(user), "free");
  assert.equal(await planWith(claiming("pro")), "pro");
  // Work without the token, such as a job, has the plan of the newest one.
  const named = { kind: "named", subject: user["subject"] } as Principal;
  assert.equal(await planWith(named), "pro");
  assert.equal((await target.call("read_account", { user_id: user["subject"] }))["body"].plan, "pro");
  assert.equal(await planWith(claiming("no-such-plan")), "free");
  assert.equal(await planWith(claiming("x".repeat(5000))), "free");
  assert.equal(await planWith(claiming("basic")), "basic");
  await givePlan(target, user, { calls: 1 }, "assigned");
  assert.equal(await planWith(claiming("pro")), "assigned");
  await target.call("set_plan", { user_id: user["subject"], body: { plan: null } });
  assert.equal(await planWith(named), "pro");
  assert.equal(await planWith(user), "free", "a token without the claim has taken it back");

  await target.call("save_plan", { plan_name: "claimed", body: { calls_a_month: 2, tokens_a_month: null, images_a_month: null } });
  const projects = await Promise.all([1, 2, 3, 4, 5].map(() => newProject(target, claiming("claimed"))));
  assert.equal(await planWith(claiming("claimed")), "claimed");
  const { answers, refusals } = split(
    await times(50, (index) => beginWithShare(target, claiming("claimed"), projects[index % 5]!)),
  );
  assert.deepEqual([answers.length, refusals], [2, Array(48).fill("plan_exceeded")]);
  await target.call("delete_plan", { plan_name: "claimed" });
  assert.equal(await planWith(claiming("claimed")), "free", "a plan that only tokens name may be deleted");
});

test("a month's usage is told by kind, model and day in UTC, of the caller alone", async () => {
  const user = newUser();
  const say = async (model: string) =>
    finish(target, await begin(target, user), { attempts: [{ ...CALL, model, cost_usd: 0.25 }] });
  for (const model of ["large", "small", "small", "small"]) await say(model);
  const project_id = await newProject(target, user);
  const step = await claimOf(target, await beginWithShare(target, user, project_id));
  await wake(target, step);
  await commitOne(target, await claimOf(target, step["job_id"]), {}, { calls: [{ ...CALL, output_tokens: 500 }] });
  const other = newUser();
  await finish(target, await begin(target, other), { attempts: [CALL] });

  const sums = (of: Row[]) => of.map(({ name, calls, input_tokens, output_tokens, cost_usd }) =>
    [name, calls, input_tokens, output_tokens, cost_usd]);
  const { by_kind, by_model, by_day } = await usageOf(target, user);
  const today = new Date().toISOString().slice(0, 10);
  assert.deepEqual(sums(by_kind), [[KIND, 2, 30, 500, null], ["chat", 4, 120, 48, 1]]);
  assert.deepEqual(sums(by_model), [
    ["test:m", 1, 30, 500, null], ["test:small", 3, 90, 36, 0.75], ["test:large", 1, 30, 12, 0.25], [null, 1, 0, 0, null],
  ]);
  assert.deepEqual(sums(by_day), [[today, 6, 150, 548, 1]]);

  // Both sides of a midnight in UTC that is the end of a month, whatever the connection's zone is.
  await target.asOwner(
    `update public.model_calls set created_at = case model when 'large' then '2026-01-31T23:59:59.9Z'::timestamptz
       else '2026-02-01T00:00:00Z' end where owner_id = $1 and model in ('large', 'small')`,
    [user["subject"]],
  );
  const monthOf = async (month: string) =>
    (await target.call("read_usage", { principal: user, query: { month } }))["body"] as Row;
  assert.deepEqual(sums((await monthOf("2026-01"))["by_day"]), [["2026-01-31", 1, 30, 12, 0.25]]);
  const february = await monthOf("2026-02");
  assert.deepEqual(sums(february["by_day"]), [["2026-02-01", 3, 90, 36, 0.75]]);
  assert.deepEqual([february["month"], february["resets_at"]], ["2026-02", "2026-03-01T00:00:00.000000Z"]);
  assert.deepEqual((await monthOf("2025-12"))["by_kind"], []);
  for (const month of ["2026-13", "2026", "November", "2026-1", "0000-01"]) {
    await assert.rejects(monthOf(month), refusal(422, "invalid_request"));
  }
});

test("plans with their old default numbers become larger, and an operator's own numbers stay", async () => {
  const sql = await readFile("supabase/migrations/20261130142000_larger_plans.sql", "utf8");
  const after = await target.asOwner("select * from public.plans where name in ('free', 'basic', 'pro') order by name");
  const numbers = async () =>
    (await target.asOwner(
      "select name, calls_a_month::int, tokens_a_month::int from public.plans where name in ('free', 'basic') order by name",
    )).map((plan) => Object.values(plan));
  assert.deepEqual(await numbers(), [["basic", 20_000, 50_000_000], ["free", 2_000, 5_000_000]]);
  await target.asOwner("update public.plans set calls_a_month = 400, tokens_a_month = 2000000 where name = 'free'");
  await target.asOwner("update public.plans set calls_a_month = 4001, tokens_a_month = 20000000 where name = 'basic'");
  await target.asOwner(sql);
  assert.deepEqual(await numbers(), [["basic", 4_001, 20_000_000], ["free", 2_000, 5_000_000]]);
  await target.asOwner("update public.plans set calls_a_month = 20000, tokens_a_month = 50000000 where name = 'basic'");
  assert.deepEqual(
    await target.asOwner("select * from public.plans where name in ('free', 'basic', 'pro') order by name"), after,
  );
});
