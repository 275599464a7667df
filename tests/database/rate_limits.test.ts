// Rate limits, on a real PostgreSQL: over REST only engine functions can be called.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { guestOf, personOf } from "./accounts.ts";
import { split, times } from "./at_once.ts";
import { newProject } from "./dossiers.ts";
import { startJob } from "./jobs.ts";
import { givePlan } from "./plan_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { Refusal, type Row } from "./target.ts";
import { begin, newTokenHash, newUser, only, refusal } from "./turns.ts";

let target: SqlTarget;
let owner_id: string;
before(async () => {
  target = await startSqlTarget(process.cwd());
  owner_id = (await personOf(target, newUser())).id;
});
after(() => target.stop());

function take(action: string, max_requests: unknown, window_seconds: unknown, owner = owner_id) {
  return target.runAs("service_role", "select private.take_rate_limit($1, $2, $3, $4)", [
    owner,
    action,
    max_requests,
    window_seconds,
  ]);
}

/** Moves the clock: as if the action had last been taken so much longer ago. */
async function wait(action: string, seconds: number): Promise<void> {
  const where = { owner_id, action };
  const { full_at } = await only(target, "rate_limits", where);
  await target.update("rate_limits", where, {
    full_at: new Date(full_at.getTime() - seconds * 1000).toISOString(),
  });
}

async function secondsToWait(taking: Promise<unknown>): Promise<number> {
  try {
    await taking;
  } catch (error) {
    refusal(429, "rate_limited")(error);
    return JSON.parse((error as Refusal).hint).retry_after_s;
  }
  return 0;
}

/** Seconds that were expected when the calls began, less those that they have taken. */
function assertWaits(seconds: number, expected: number): void {
  assert.ok(seconds > expected - 4 && seconds <= expected, `${seconds} s instead of ${expected}`);
}

test("so many pass at once, then one more after each part of the window", async () => {
  for (let call = 0; call < 5; call += 1) await take("chat", 5, 60);
  assertWaits(await secondsToWait(take("chat", 5, 60)), 12);
  await wait("chat", 5);
  assertWaits(await secondsToWait(take("chat", 5, 60)), 7);
  await wait("chat", 7);
  await take("chat", 5, 60);
  assertWaits(await secondsToWait(take("chat", 5, 60)), 12);
  await wait("chat", 24);
  await take("chat", 5, 60);
  await take("chat", 5, 60);
  assertWaits(await secondsToWait(take("chat", 5, 60)), 12);
});

test("who waits long has the whole allowance and no more", async () => {
  await take("rest", 3, 60);
  await wait("rest", 100_000);
  for (let call = 0; call < 3; call += 1) await take("rest", 3, 60);
  assertWaits(await secondsToWait(take("rest", 3, 60)), 20);
});

test("a refusal changes nothing, however often it is asked", async () => {
  await take("often", 1, 60);
  const before = await only(target, "rate_limits", { owner_id, action: "often" });
  for (let call = 0; call < 20; call += 1) {
    assertWaits(await secondsToWait(take("often", 1, 60)), 60);
  }
  assert.deepEqual(await only(target, "rate_limits", { owner_id, action: "often" }), before);
});

test("a limit whose parts are no whole microseconds lets its number through", async () => {
  for (const [max_requests, window_seconds] of [
    [7, 60],
    [13, 3600],
    [300, 3600],
  ]) {
    const action = `parts of ${max_requests}`;
    const { answers } = split(
      await times(max_requests!, () => take(action, max_requests, window_seconds)),
    );
    assert.equal(answers.length, max_requests);
    assert.ok((await secondsToWait(take(action, max_requests, window_seconds))) > 0);
  }
});

test("of 50 calls at once exactly the allowance passes, from the first use on", async () => {
  for (let round = 0; round < 5; round += 1) {
    const action = `at once ${round}`;
    const { answers, refusals } = split(await times(50, () => take(action, 17, 3600)));
    assert.equal(answers.length, 17);
    assert.deepEqual(refusals, Array(33).fill("rate_limited"));
    await wait(action, 3600);
    assert.equal(split(await times(50, () => take(action, 17, 3600))).answers.length, 17);
  }
});

test("actions and principals do not count for each other", async () => {
  await take("one", 1, 60);
  await take("two", 1, 60);
  await take("one", 1, 60, (await guestOf(target)).id);
  assert.ok((await secondsToWait(take("one", 1, 60))) > 0);
});

test("what takes it and is refused later has not used it", async () => {
  await take("undone", 2, 60);
  const statement = `select private.take_rate_limit('${owner_id}', 'undone', 2, 60)`;
  await target.tryAs("service_role", statement);
  await take("undone", 2, 60);
  await assert.rejects(
    target.tryAs("service_role", statement),
    (error: Row) => error["code"] === "rate_limited",
  );
});

test("a limit that makes no sense is refused", async () => {
  for (const [max_requests, window_seconds] of [
    [0, 60],
    [5, 0],
    [null, 60],
    [5, null],
  ]) {
    await assert.rejects(
      take("senseless", max_requests, window_seconds),
      refusal(422, "invalid_request"),
    );
  }
});

test("each refusal by a limit tells its code, what may be done, the limit, and when to come again", async () => {
  const limited = async (work: () => Promise<unknown>, limit: number, code: string, scope?: string) => {
    await assert.rejects(async () => {
      for (let call = 0; call < 9; call += 1) {
        // Read at the next call, not after some seconds.
        await target.asOwner("update public.deployment_usage set read_at = '-infinity'");
        await work();
      }
    }, (error: Refusal) => {
      const hint = JSON.parse(error.hint);
      assert.deepEqual([error.code, error.status], [code, code === "capacity_exceeded" ? 503 : 429], error.message);
      assert.deepEqual([Number(hint.limit), hint.members?.scope], [limit, scope], error.message);
      assert.ok(hint.retry_after_s > 0, error.message);
      assert.match(error.message, /: (try again|wait|ask|come back|go on|sign in|delete)/);
      return true;
    });
  };
  const turns = (limits: Row, others: Row = {}) => {
    const user = newUser();
    return () => begin(target, user, { admission: { limits, ...others } });
  };
  const guests = (limits: Row) => () =>
    begin(target, { kind: "new_guest", token_hash: newTokenHash() }, { admission: { limits, prefix: `p${limits["id"]}` } });
  const network = { requests: 2, window_seconds: 60, new_guests: 1, guest_window_seconds: 60 };
  await limited(turns({ user: { requests: 2 } }), 2, "rate_limited");
  await limited(turns({ user: { streams: 2 } }), 2, "rate_limited", "caller");
  await limited(turns({ user: { tokens_a_day: 9000 } }), 9000, "rate_limited", "caller");
  await limited(turns({ prefix: network }, { prefix: "p" }), 2, "rate_limited", "prefix");
  await limited(guests({ prefix: network, id: 1 }), 1, "rate_limited", "prefix");
  await limited(guests({ deployment: { new_guests: 1 }, id: 2 }), 1, "capacity_exceeded", "deployment");
  await limited(turns({ deployment: { requests: 1 } }), 1, "capacity_exceeded", "deployment");
  await limited(turns({ deployment: { streams: 1 } }), 1, "capacity_exceeded", "deployment");
  await limited(turns({ deployment: { tokens_a_day: 1 } }), 1, "capacity_exceeded", "deployment");

  const user = newUser();
  const project_id = await newProject(target, user);
  const job = () => startJob(target, user, project_id, { admission: { limits: { user: { open_jobs: 2 } } } });
  await limited(job, 2, "rate_limited", "caller");
  await givePlan(target, user, { calls: 3 });
  await limited(() => begin(target, user, { admission: {} }), 3, "plan_exceeded");
  await givePlan(target, user, { tokens: 9000 });
  await assert.rejects(begin(target, user, { admission: {} }), (error: Refusal) => {
    const { limit, remaining, members } = JSON.parse(error.hint);
    assert.equal(remaining, Math.max(limit - members.usage.tokens - members.reserved.tokens, 0));
    return true;
  });
});
