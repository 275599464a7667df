// Admission on a real PostgreSQL: who may begin what spends, when many ask at once and turns end in any way.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { isAsleep, split, times, untilAsleep } from "./at_once.ts";
import { newProject } from "./dossiers.ts";
import { startImport } from "./imports.ts";
import { KIND, startJob } from "./jobs.ts";
import { ask } from "./lists.ts";
import { cancel, claimOf, givePlan, usageOf } from "./plan_behaviour.ts";
import { newConnection, open } from "./realtime.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { beginStory } from "./stories.ts";
import type { Refusal, Row } from "./target.ts";
import {
  append, begin, failSilently, finish, newTokenHash, newUser, refusal, silence, type Principal,
} from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());
beforeEach(() => target.asOwner("truncate public.admission_counters, public.deployment_usage"));

const CALLS = { attempts: [{ provider: "p", model: "m", status: "complete", input_tokens: 30, output_tokens: 12 }] };
const newGuest = (): Principal => ({ kind: "new_guest", token_hash: newTokenHash() });
/** A request's admission with these limits and other members. */
const asking = (limits: Row = {}, others: Row = {}): Row => ({ admission: { ...others, limits } });
const refusedFor = async (scope: string): Promise<number> => {
  const [row] = await target.asOwner(`select last_value, is_called from private.refused_for_${scope}`);
  return row!["is_called"] ? Number(row!["last_value"]) : 0;
};
const guestsKnown = async (guests: Principal[]): Promise<number> =>
  (await target.asOwner("select from public.principals where guest_token_hash = any ($1)", [
    guests.map(({ token_hash }) => token_hash),
  ])).length;

test("fifty turns begin at once at the edge of a plan: exactly what fits is admitted", async () => {
  const user = newUser();
  await givePlan(target, user, { calls: 20 });
  const { answers, refusals } = split(await times(50, () => begin(target, user, asking())));
  assert.equal(answers.length, 20);
  assert.deepEqual(refusals, Array(30).fill("plan_exceeded"));
  assert.deepEqual((await usageOf(target, user))["reserved"].calls, 20);
  const sessions = await target.select("sessions", { owner_id: answers[0]!["user_id"] });
  assert.equal(sessions.length, 20, "a refusal leaves no session");

  await Promise.all(answers.slice(0, 5).map((turn) => finish(target, turn, { attempts: [] })));
  const next = split(await times(50, () => begin(target, user, asking())));
  assert.equal(next.answers.length, 5, "turns that made no call have given their shares back");
});

test("fifty turns begin at once at the edge of a plan's tokens: exactly what fits is admitted", async () => {
  const user = newUser();
  const request = asking();
  const first = await begin(target, user, request);
  const tokens = (await usageOf(target, user))["reserved"].tokens;
  assert.ok(tokens > 5000, `${tokens}`);
  await finish(target, first, { attempts: [] });
  await givePlan(target, user, { tokens: tokens * 7 + 1 });
  const { answers, refusals } = split(await times(50, () => begin(target, user, request)));
  assert.deepEqual([answers.length, refusals.length], [7, 43]);
});

test("whatever ends a turn settles its share with what the ledger has", async () => {
  const user = newUser();
  const begun = (changes: Row = {}) => begin(target, user, { ...asking(), ...changes });
  const used = async () => {
    const { usage, reserved } = await usageOf(target, user);
    return [usage.calls, usage.tokens, reserved.calls];
  };
  const turn = await begun();
  assert.deepEqual(await used(), [0, 0, 1]);
  await finish(target, turn, CALLS);
  await finish(target, turn, CALLS);
  assert.deepEqual(await used(), [1, 42, 0], "a turn that is ended twice counts once");

  await failSilently(target, await begun());
  assert.deepEqual((await used())[0], 2);

  const call_id = randomUUID();
  await begun({ call_id });
  await target.call("withdraw_turn", { call_id });
  assert.deepEqual(await used(), [2, 42, 0], "withdrawn");

  const deleted = await begun();
  await ask(target, user, "delete_project", { project_id: deleted["project_id"] });
  assert.deepEqual(await used(), [2, 42, 0], "its project is deleted");

  const dead = await begun();
  await append(target, dead, 0, "There was ");
  await silence(target, dead, 60);
  assert.deepEqual((await used())[2], 1);
  await target.call("reap_generations", {});
  const [calls, , reserved] = await used();
  assert.deepEqual([calls, reserved], [3, 0], "its writer has died");
  await append(target, dead, 10, "a fox.");
  assert.deepEqual((await used())[2], 0, "what is reserved is less than what it is known to have used");
  await finish(target, dead, { ...CALLS, from_offset: 16, text: "" });
  assert.deepEqual(await used(), [3, 84, 0], "the writer has come back, and the turn counts once");
});

test("what turns used long ago is one row of their owner, and counts", async () => {
  const user = newUser();
  for (let turn = 0; turn < 5; turn += 1) {
    await finish(target, await begin(target, user, asking()), CALLS);
  }
  const owner_id = user["subject"];
  await target.asOwner("update public.plan_shares set settled_at = settled_at - interval '2 hours' where owner_id = $1", [
    owner_id,
  ]);
  for (let turn = 0; turn < 2; turn += 1) await begin(target, user, asking());
  const { usage, reserved } = await usageOf(target, user);
  assert.deepEqual([usage.calls, usage.tokens, reserved.calls], [5, 5 * 42, 2]);
  assert.equal((await target.select("plan_shares", { owner_id })).length, 3);
});

test("a caller has so many turns running, and so many tokens a day", async () => {
  const user = newUser();
  const streams = asking({ user: { streams: 3 } });
  const { answers, refusals } = split(await times(20, () => begin(target, user, streams)));
  assert.deepEqual([answers.length, refusals], [3, Array(17).fill("rate_limited")]);
  await finish(target, answers[0]!);
  await begin(target, user, streams);

  const spender = newUser();
  const day = asking({ user: { tokens_a_day: 20_000 } });
  const spent = split(await times(20, () => begin(target, spender, day)));
  assert.ok(spent.answers.length >= 2 && spent.answers.length <= 6, `${spent.answers.length}`);
  const turns = spent.answers;
  for (const turn of turns) await finish(target, turn, { attempts: [{ status: "complete", input_tokens: 19_000, output_tokens: 0 }] });
  await assert.rejects(begin(target, spender, day), (error: Refusal) => {
    refusal(429, "rate_limited")(error);
    const { retry_after_s, members } = JSON.parse(error.hint);
    assert.ok(retry_after_s > 0 && retry_after_s <= 86_400);
    assert.deepEqual([members.scope, members.tokens_a_day], ["caller", 20_000]);
    return true;
  });
});

test("with guests off no guest is made, and a known one begins nothing", async () => {
  const known = newGuest();
  await finish(target, await begin(target, known, asking()));
  const refused = await refusedFor("caller");
  const off = asking({}, { guests: false });
  const guests = Array.from({ length: 10 }, newGuest);
  const { refusals } = split(await times(10, (index) => begin(target, guests[index]!, off)));
  assert.deepEqual(refusals, Array(10).fill("missing_credentials"));
  await assert.rejects(target.call("create_guest", { principal: newGuest(), ...off }), refusal(401, "missing_credentials"));
  await assert.rejects(begin(target, { ...known, kind: "guest" }, off), refusal(401, "missing_credentials"));
  assert.equal(await guestsKnown(guests), 0);
  assert.equal(await refusedFor("caller"), refused + 12, "refusals are counted although nothing of them stays");
  await begin(target, newUser(), off);
});

test("a network makes so many guests at once and no more, and a refused one leaves nothing", async () => {
  const refused = await refusedFor("prefix");
  const limits = { prefix: { new_guests: 17 } };
  for (const prefix of ["a", "b"]) {
    const guests = Array.from({ length: 50 }, newGuest);
    const { answers, refusals } = split(
      await times(50, (index) => begin(target, guests[index]!, asking(limits, { prefix }))),
    );
    assert.deepEqual([answers.length, refusals], [17, Array(33).fill("rate_limited")]);
    assert.equal(await guestsKnown(guests), 17);
    const rows = await target.asOwner("select guest_token_hash as hash from public.principals where id = $1", [
      answers[0]!["user_id"],
    ]);
    // One who is known makes no guest, whichever way the token comes.
    for (const kind of ["guest", "new_guest"]) {
      await begin(target, { kind, token_hash: rows[0]!["hash"] }, asking(limits, { prefix }));
    }
  }
  assert.equal(await refusedFor("prefix"), refused + 66);
  await begin(target, newUser(), asking(limits, { prefix: "a" }));
});

test("a network and a deployment have so many requests, whoever makes them; guests a part of them", async () => {
  const prefix = asking({ prefix: { requests: 23 } }, { prefix: "c" });
  const { answers, refusals } = split(await times(50, () => begin(target, newUser(), prefix)));
  assert.deepEqual([answers.length, refusals], [23, Array(27).fill("rate_limited")]);

  await target.asOwner("truncate public.admission_counters");
  const deployment = asking({ deployment: { requests: 20, guest_requests: 6 } });
  const refused = await refusedFor("deployment");
  const guests = Array.from({ length: 10 }, newGuest);
  const ofGuests = split(await times(10, (index) => begin(target, guests[index]!, deployment)));
  assert.deepEqual([ofGuests.answers.length, ofGuests.refusals], [6, Array(4).fill("capacity_exceeded")]);
  assert.equal(await guestsKnown(guests), 6);
  const ofUsers = split(await times(20, () => begin(target, newUser(), deployment)));
  assert.deepEqual([ofUsers.answers.length, ofUsers.refusals], [14, Array(6).fill("capacity_exceeded")]);
  assert.equal(await refusedFor("deployment"), refused + 10);
});

test("a deployment that has used its tokens refuses guests first, then everybody", async () => {
  await target.asOwner("delete from public.model_calls");
  await target.asOwner("update public.generations set status = 'stopped', finished_at = now() where status = 'streaming'");
  await target.asOwner("update public.plan_shares set settled_at = now() where settled_at is null");
  const limited = asking({ deployment: { tokens_a_day: 10_000 } });
  const spend = async (input_tokens: number) => {
    const turn = await begin(target, newUser(), asking());
    await finish(target, turn, { attempts: [{ status: "complete", input_tokens, output_tokens: 0 }] });
    await target.asOwner("update public.deployment_usage set read_at = '-infinity'");
  };
  await spend(8500);
  const guest = newGuest();
  await assert.rejects(begin(target, guest, limited), (error: Refusal) => {
    refusal(503, "capacity_exceeded")(error);
    const { retry_after_s, members } = JSON.parse(error.hint);
    assert.ok(retry_after_s > 0 && retry_after_s <= 86_400);
    assert.equal(members.scope, "deployment");
    return true;
  });
  assert.equal(await guestsKnown([guest]), 0);
  const admitted = await begin(target, newUser(), limited);
  await finish(target, admitted, { attempts: [] });
  await spend(2000);
  await assert.rejects(begin(target, newUser(), limited), refusal(503, "capacity_exceeded"));
  await begin(target, newUser(), asking());
  const [today] = await target.asOwner(
    "select counted_tokens + recent_tokens as tokens from public.deployment_usage order by day desc limit 1",
  );
  assert.equal(Number(today!["tokens"]), 10_500);
});

test("a call that waits for its session delays nobody else of its network", async () => {
  const prefix = asking({}, { prefix: "d" });
  const turn = await begin(target, newUser(), prefix);
  const held = { kind: "user", issuer: "https://fabula.test/auth/v1", subject: turn["user_id"] };
  const lock = `select from public.principals where id = '${turn["user_id"]}' for update; select pg_sleep(1.9)`;
  const holding = target.tryAs("service_role", lock);
  await untilAsleep(target);
  const waiting = begin(target, held, prefix);
  split(await times(10, () => begin(target, newUser(), prefix)));
  assert.ok(await isAsleep(target), "they have not waited for it");
  await holding;
  await waiting;
});

test("everything that spends asks: each call counts, and is refused before it stores anything", async () => {
  const user = newUser();
  const project_id = await newProject(target, user);
  const spent = { admission: { limits: { user: { requests: 1, window_seconds: 3600 } } } };
  await finish(target, await begin(target, user, { ...asking(), ...spent }));
  const limited = refusal(429, "rate_limited");
  await assert.rejects(begin(target, user, spent), limited);
  await assert.rejects(startImport(target, user, project_id, ["The sea."], spent), limited);
  await assert.rejects(startJob(target, user, project_id, spent), limited);
  await assert.rejects(beginStory(target, user, "outline", spent), limited);
  await assert.rejects(open(target, newConnection(user), spent), limited);
  await assert.rejects(
    target.call("begin_story_illustrations", { principal: user, body: { project_id }, ...spent }), limited,
  );
  const guest = newGuest();
  const none = asking({ guest: { requests: 1 }, prefix: { new_guests: 1 } }, { prefix: "e" });
  await target.call("create_guest", { principal: newGuest(), ...none });
  await assert.rejects(target.call("create_guest", { principal: guest, ...none }), limited);
  assert.equal(await guestsKnown([guest]), 0);
  assert.deepEqual(await target.select("jobs", { owner_id: user["subject"] }), []);
});

test("an import reserves what its parts may take, and its calls count", async () => {
  const user = newUser();
  await givePlan(target, user, { calls: 3 });
  const project_id = await newProject(target, user);
  const texts = ["One.", "Two.", "Three.", "Four."];
  await assert.rejects(startImport(target, user, project_id, texts, asking()), refusal(429, "plan_exceeded"));
  const { task_id } = await startImport(target, user, project_id, texts.slice(0, 2), asking());
  assert.equal((await usageOf(target, user))["reserved"].calls, 2);
  await cancel(target, user, task_id);
  assert.equal((await usageOf(target, user))["reserved"].calls, 0);
});

test("a job that has reserved nothing counts with its calls", async () => {
  const user = newUser();
  const project_id = await newProject(target, user);
  const job = await startJob(target, user, project_id, { ...asking(), steps: [{}, {}] });
  const step = await claimOf(target, job["job_id"]);
  assert.equal(step["kind"], KIND);
  await target.call("fail_step", {
    job_id: step["job_id"], step: step["step"], lease_token: step["lease_token"], error: "No.", calls: CALLS.attempts,
  });
  const { usage } = await usageOf(target, user);
  assert.deepEqual([usage.calls, usage.tokens], [1, 42]);
});

test("at once so many jobs are begun as may be open", async () => {
  const user = newUser();
  const project_id = await newProject(target, user);
  const limited = asking({ user: { open_jobs: 4 } });
  const { answers, refusals } = split(await times(20, () => startJob(target, user, project_id, limited)));
  assert.deepEqual([answers.length, refusals], [4, Array(16).fill("rate_limited")]);
});

test("a suspended principal does nothing more: replies stop, jobs end, tokens are refused, rows are hidden", async () => {
  const user = newUser();
  const turn = await begin(target, user, asking());
  const { user_id, generation_id, session_id } = turn;
  const job = await startJob(target, user, turn["project_id"]);
  const operate = (name: string) => target.runAs("service_role", `select private.${name}($1)`, [user_id]);
  const claims = { sub: user_id, iss: user["issuer"] };
  const visible = () =>
    target.tryAs("authenticated", `select session_id from public.sessions where session_id = '${session_id}'`, claims);
  assert.equal((await visible()).length, 1);
  await operate("suspend_principal");
  await operate("suspend_principal");
  const suspended = refusal(403, "account_suspended");
  await assert.rejects(begin(target, user, asking()), suspended);
  await assert.rejects(begin(target, user), suspended);
  await assert.rejects(ask(target, user, "list_sessions", {}), suspended);
  assert.deepEqual(await visible(), []);
  assert.equal((await append(target, turn, 0, "There"))["cancel_requested"], true);
  await finish(target, turn, { ...CALLS, status: "stopped", from_offset: 5, text: "" });
  const [generation] = await target.select("generations", { generation_id });
  assert.equal(generation!["status"], "stopped");
  const [ended] = await target.select("jobs", { job_id: job["job_id"] });
  assert.equal(ended!["status"], "cancelled");
  await operate("reinstate_principal");
  await begin(target, user, { ...asking(), session_id });
  await assert.rejects(
    target.runAs("service_role", "select private.suspend_principal($1)", [randomUUID()]), refusal(404, "not_found"),
  );
});

test("counters that are full again are deleted, others are kept", async () => {
  await begin(target, newUser(), asking({ deployment: { requests: 1 } }, { prefix: "f" }));
  await target.asOwner("update public.admission_counters set full_at = now() - interval '1 second' where scope = 'prefix:f'");
  await target.asOwner("select private.clean_part('full_counters', 100)");
  const scopes = await target.asOwner("select distinct scope from public.admission_counters");
  assert.deepEqual(scopes.map(({ scope }) => scope), ["deployment"]);
});
