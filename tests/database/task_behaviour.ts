// Claiming, committing and failing work, in both databases.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import {
  claim,
  commit,
  conversation,
  fail,
  postponeOthers,
  turnOf,
  wake,
} from "./tasks.ts";
import { newUser, only, refusal, type Principal } from "./turns.ts";

export function describeTasks(target: () => Target): void {
  /** A session with work to do, which is all that there is. */
  async function work(user: Principal = newUser()): Promise<string> {
    await postponeOthers(target());
    const session_id = await conversation(target(), user, 8);
    await turnOf(target(), user, 9, 4, { session_id });
    return session_id;
  }
  const taskOf = ({ job_id, step }: Row) => only(target(), "job_steps", { job_id, step });

  test("a task is given to one worker until its lease ends", async () => {
    await work();
    const begun = Date.now();
    const task = (await claim(target(), { lease_seconds: 120 }))!;
    assert.equal(task["attempts"], 1);
    const lease_ms = Date.parse(task["leased_until"]) - begun;
    assert.ok(lease_ms > 100_000 && lease_ms < 150_000, `${lease_ms} ms`);
    assert.equal(await claim(target()), null);
    await wake(target(), task);
    const again = (await claim(target()))!;
    assert.deepEqual([again["job_id"], again["attempts"]], [task["job_id"], 2]);
    assert.notEqual(again["lease_token"], task["lease_token"]);
    assert.deepEqual(again["messages"], task["messages"]);
  });

  test("what a worker brings whose lease went to another is refused", async () => {
    await work();
    const late = (await claim(target()))!;
    await wake(target(), late);
    const task = (await claim(target()))!;
    await assert.rejects(commit(target(), late, "Late."), refusal(409, "stale_lease"));
    await assert.rejects(fail(target(), late), refusal(409, "stale_lease"));
    assert.equal((await taskOf(task))["status"], "running");
    await commit(target(), task, "In time.");
    await assert.rejects(commit(target(), late, "Late."), refusal(409, "stale_lease"));
    const { session_id } = task;
    const { summary } = await only(target(), "session_summaries", { session_id });
    assert.equal(summary, "In time.");
  });

  test("a lease that has ended and that nobody else has taken is still good", async () => {
    await work();
    const task = (await claim(target()))!;
    await wake(target(), task);
    assert.equal((await commit(target(), task, "Late, but welcome."))["status"], "done");
  });

  test("a repeated commit or failure changes nothing and says so", async () => {
    await work();
    const failed = (await claim(target()))!;
    const first = await fail(target(), failed);
    assert.deepEqual(await fail(target(), failed, { error: "Else." }), {
      ...first,
      already: true,
    });
    assert.deepEqual(await commit(target(), failed, "No."), { ...first, already: true });
    await wake(target(), failed);
    const task = (await claim(target()))!;
    const done = await commit(target(), task, "Once.", { usage: { input_tokens: 7 } });
    assert.deepEqual(done, {
      job_id: task["job_id"],
      step: 1,
      status: "done",
      attempts: 2,
      run_after: null,
      job_status: "done",
      progress: 100,
      already: false,
    });
    assert.deepEqual(await commit(target(), task, "Twice."), { ...done, already: true });
    const stored = await taskOf(task);
    assert.deepEqual(stored["result"], { usage: { input_tokens: 7 } });
    const { session_id } = task;
    const { summary } = await only(target(), "session_summaries", { session_id });
    assert.equal(summary, "Once.");
  });

  test("work that fails is tried five times, after longer and longer pauses", async () => {
    const user = newUser();
    const session_id = await work(user);
    let task: Row = {};
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      task = (await claim(target()))!;
      assert.equal(task["attempts"], attempt);
      const begun = Date.now();
      const { status, run_after } = await fail(target(), task, { error: `${attempt}`.repeat(2000) });
      if (attempt < 5) {
        const pause_s = (Date.parse(run_after) - begun) / 1000;
        const expected = 10 * 4 ** (attempt - 1);
        assert.ok(pause_s > expected * 0.7 && pause_s < expected * 1.25 + 10, `${pause_s} s`);
        assert.equal(await claim(target()), null, "not before");
        await wake(target(), task);
      }
      assert.equal(status, attempt < 5 ? "queued" : "failed");
      assert.equal((await taskOf(task))["error"], `${attempt}`.repeat(1000));
    }
    assert.equal(await claim(target()), null);

    await turnOf(target(), user, 11, 4, { session_id });
    assert.equal(await claim(target()), null, "it is left alone for an hour");
    const { job_id } = task;
    const finished_at = new Date(Date.now() - 3_700_000).toISOString();
    await target().update("jobs", { job_id }, { finished_at });
    await turnOf(target(), user, 13, 4, { session_id });
    const next = (await claim(target()))!;
    assert.notEqual(next["job_id"], job_id);
    await commit(target(), next, "At last.");

    await target().update("jobs", { job_id }, { finished_at: "2020-01-01T00:00:00Z" });
    await turnOf(target(), user, 15, 2, { session_id });
    assert.deepEqual(await target().select("jobs", { job_id }), [], "old ones go");
  });

  test("a worker may ask for a longer pause, to an hour at most", async () => {
    await work();
    for (const [retry_after_seconds, expected] of [
      [300, 300],
      [1e9, 3600],
    ] as const) {
      const task = (await claim(target()))!;
      const begun = Date.now();
      const { run_after } = await fail(target(), task, { retry_after_seconds });
      const pause_s = (Date.parse(run_after) - begun) / 1000;
      assert.ok(pause_s >= expected - 1 && pause_s < expected + 10, `${pause_s} s`);
      await wake(target(), task);
    }
  });

  test("a task whose workers die is given up", async () => {
    await work();
    let task: Row = {};
    // Fewer attempts than those of work that fails: each has cost a worker.
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      task = (await claim(target()))!;
      await wake(target(), task);
    }
    assert.equal(await claim(target()), null);
    const { status, error } = await taskOf(task);
    assert.deepEqual([status, error], ["failed", "Its workers have died."]);
    await assert.doesNotReject(commit(target(), task, "Too late."));
    assert.deepEqual(
      await target().select("session_summaries", { session_id: task["session_id"] }),
      [],
    );
  });

  test("only kinds that are asked for are given", async () => {
    await work();
    assert.equal(await claim(target(), { kinds: ["another"] }), null);
    assert.equal(await claim(target(), { kinds: [] }), null);
    assert.notEqual(await claim(target(), { kinds: ["another", "session_summary"] }), null);
    for (const kinds of [null, "session_summary", {}]) {
      await assert.rejects(claim(target(), { kinds }), refusal(422, "invalid_request"));
    }
  });

  test("a summary is 1 to 8192 bytes, and a task is known by id and lease", async () => {
    await work();
    const task = (await claim(target()))!;
    for (const summary of ["", null, 7, "é".repeat(4097)]) {
      await assert.rejects(commit(target(), task, summary), refusal(422, "invalid_request"));
    }
    const missing = { ...task, job_id: randomUUID() };
    await assert.rejects(commit(target(), missing, "x"), refusal(404, "not_found"));
    await assert.rejects(fail(target(), missing), refusal(404, "not_found"));
    for (const wrong of [{ job_id: "1" }, { lease_token: "1" }]) {
      await assert.rejects(
        commit(target(), { ...task, ...wrong }, "x"),
        refusal(400, "invalid_id"),
      );
    }
    const nobody = { ...task, lease_token: null };
    await assert.rejects(commit(target(), nobody, "x"), refusal(409, "stale_lease"));
    assert.equal((await commit(target(), task, "é".repeat(4096)))["status"], "done");
  });

  test("work and summaries go to the account with the session, and away with its owner", async () => {
    const guest = await guestOf(target());
    const account = await personOf(target(), newUser());
    const session_id = await work(guest.principal);
    const task = (await claim(target()))!;
    await migrate(target(), account, guest);
    await commit(target(), task, "Once.");
    for (const table of ["jobs", "session_summaries"]) {
      assert.equal((await only(target(), table, { session_id }))["owner_id"], account.id);
    }
    await ask(target(), account.principal, "delete_account");
    for (const table of ["jobs", "session_summaries"]) {
      assert.deepEqual(await target().select(table, { session_id }), [], table);
    }
    await assert.rejects(commit(target(), task, "Once."), refusal(404, "not_found"));
  });
}
