// Jobs made of steps, on either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newProject } from "./dossiers.ts";
import { change, claimOne, commitOne, KIND, readJob, startJob } from "./jobs.ts";
import { ask } from "./lists.ts";
import { claim, fail, leaseOf, wake } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, newUser, only, refusal, type Principal } from "./turns.ts";

export function describeJobs(target: () => Target): void {
  interface Begun {
    user: Principal;
    project_id: string;
    job: Row;
    /** The next step of this job. */
    next: (more?: Row) => Promise<Row | null>;
    read: () => Promise<Row>;
    change: (name: string, more?: Row) => Promise<Row>;
  }
  async function begun(changes: Row = {}, user: Principal = newUser()): Promise<Begun> {
    const project_id = await newProject(target(), user);
    const job = await startJob(target(), user, project_id, changes);
    const { job_id } = job;
    return {
      user,
      project_id,
      job,
      next: (more = {}) => claimOne(target(), { job_id, ...more }),
      read: () => readJob(target(), user, job),
      change: (name, more = {}) => change(target(), user, name, job, more),
    };
  }
  const STEPS = [{ part: 1 }, { part: 2 }, { part: 3 }];
  const stepsOf = async ({ job_id }: Row): Promise<Row[]> =>
    (await target().select("job_steps", { job_id })).sort((one, other) => one["step"] - other["step"]);
  const statuses = async (job: Row) => (await stepsOf(job)).map(({ status }) => status);

  test("a serial job does its steps one after another, keeps their results and ends", async () => {
    const { job, project_id, next, read } = await begun({ steps: STEPS, payload: { title: "Sea" } });
    assert.deepEqual(
      { ...job, created_at: "" },
      {
        job_id: job["job_id"],
        kind: KIND,
        session_id: null,
        project_id,
        status: "queued",
        progress: 0,
        message: null,
        error: null,
        steps: 3,
        steps_done: 0,
        steps_failed: 0,
        created_at: "",
        finished_at: null,
      },
    );
    for (const part of [1, 2, 3]) {
      const step = (await next())!;
      assert.deepEqual([step["step"], step["payload"], step["steps"]], [part, { part }, 3]);
      assert.equal(await next(), null, "the next one waits for it");
      const { job_status, progress } = await commitOne(target(), step, { text: `${part}.` });
      assert.deepEqual(
        [job_status, progress],
        part < 3 ? ["running", Math.floor((100 * part) / 3)] : ["done", 100],
      );
    }
    assert.equal(await next(), null);
    assert.deepEqual((await stepsOf(job)).map(({ result }) => result["text"]), ["1.", "2.", "3."]);
    assert.notEqual((await read())["finished_at"], null);
  });

  test("a job whose steps are not serial goes on without one that cannot be done", async () => {
    const { next, read } = await begun({ steps: STEPS, is_serial: false });
    const [first, second] = [(await next())!, (await next())!];
    assert.deepEqual([first["step"], second["step"]], [1, 2]);
    await commitOne(target(), second);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const step = attempt === 1 ? first : (await next())!;
      assert.deepEqual([step["step"], step["attempts"]], [1, attempt]);
      await fail(target(), step);
      await wake(target(), step);
    }
    await commitOne(target(), (await next())!);
    const { status, steps_done, steps_failed } = await read();
    assert.deepEqual([status, steps_done, steps_failed], ["done", 2, 1]);
  });

  test("a serial job ends with a step that cannot be done; tried again it goes on from there", async () => {
    const { job, next, read, change } = await begun({ steps: STEPS });
    await commitOne(target(), (await next())!, { text: "1." });
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await fail(target(), (await next())!, { error: `No ${attempt}.` });
      await wake(target(), { ...job, step: 2 });
    }
    assert.equal(await next(), null);
    const failed = await read();
    assert.deepEqual([failed["status"], failed["error"]], ["failed", "No 5."]);
    assert.deepEqual(await statuses(job), ["done", "failed", "waiting"]);
    await assert.rejects(change("retry_step", { step: 1 }), refusal(422, "invalid_request"));
    const again = await change("retry_step", { step: 2 });
    assert.deepEqual([again["status"], again["error"], again["finished_at"]], ["running", null, null]);
    const step = (await next())!;
    assert.deepEqual([step["step"], step["attempts"]], [2, 1]);
    await commitOne(target(), step);
    await commitOne(target(), (await next())!);
    assert.equal((await read())["status"], "done");
    const [first] = await stepsOf(job);
    assert.deepEqual([first!["attempts"], first!["result"]], [1, { text: "1." }], "made once");
  });

  test("a worker adds steps, and tells how far it is", async () => {
    const { job, next, read } = await begun();
    const plan = (await next())!;
    await target().call("report_step", { ...leaseOf(plan), progress: 5, message: "Planning." });
    assert.deepEqual(
      [(await read())["progress"], (await read())["message"]],
      [5, "Planning."],
    );
    await commitOne(target(), plan, {}, { next_steps: STEPS.slice(0, 2), message: "Writing." });
    const { steps, progress, message } = await read();
    assert.deepEqual([steps, progress, message], [3, 33, "Writing."]);
    assert.deepEqual(await statuses(job), ["done", "queued", "waiting"]);
    await commitOne(target(), (await next())!, {}, { progress: 90 });
    assert.equal((await read())["progress"], 90);
    const last = (await next())!;
    assert.deepEqual(last["payload"], { part: 2 });
    assert.equal((await commitOne(target(), last))["job_status"], "done");
  });

  test("a report makes the lease longer, and is refused when it has gone to another", async () => {
    const { next, job } = await begun();
    const step = (await next({ lease_seconds: 5 }))!;
    const { leased_until } = await target().call("report_step", {
      ...leaseOf(step),
      lease_seconds: 500,
    });
    assert.ok(Date.parse(leased_until) > Date.parse(step["leased_until"]) + 400_000);
    await wake(target(), step);
    assert.equal((await next())!["attempts"], 2);
    await assert.rejects(
      target().call("report_step", leaseOf(step)),
      refusal(409, "stale_lease"),
    );
    assert.deepEqual(await statuses(job), ["running"]);
  });

  test("what is paused is not begun, and what is being done is done to its end", async () => {
    const { job, next, read, change } = await begun({ steps: STEPS });
    const step = (await next())!;
    assert.equal((await change("pause_job"))["status"], "paused");
    assert.equal((await commitOne(target(), step))["job_status"], "paused");
    assert.equal(await next(), null);
    assert.deepEqual(await statuses(job), ["done", "waiting", "waiting"]);
    assert.equal((await change("resume_job"))["status"], "running");
    const second = (await next())!;
    assert.equal(second["step"], 2);
    await change("pause_job");
    assert.equal((await fail(target(), second))["status"], "waiting");
    assert.equal(await next(), null);
    await change("resume_job");
    await wake(target(), second);
    await commitOne(target(), (await next())!);
    await commitOne(target(), (await next())!);
    assert.equal((await read())["status"], "done");
    assert.equal((await change("pause_job"))["status"], "done");
  });

  test("a job that was never begun is queued again when it is resumed", async () => {
    const { next, change } = await begun({ steps: STEPS, is_serial: false });
    await change("pause_job");
    assert.equal(await next(), null);
    assert.equal((await change("resume_job"))["status"], "queued");
    assert.equal((await next())!["step"], 1);
  });

  test("a job that is cancelled keeps what it has, and who works on it finds the lease gone", async () => {
    const { job, next, change } = await begun({ steps: STEPS });
    await commitOne(target(), (await next())!, { text: "1." });
    const step = (await next())!;
    const cancelled = await change("cancel_job");
    assert.deepEqual([cancelled["status"], cancelled["steps_done"]], ["cancelled", 1]);
    for (const end of [commitOne(target(), step), fail(target(), step)]) {
      await assert.rejects(end, refusal(409, "stale_lease"));
    }
    assert.equal(await next(), null);
    assert.deepEqual(await statuses(job), ["done", "dropped", "dropped"]);
    assert.deepEqual(await change("cancel_job"), cancelled);
    assert.equal((await change("resume_job"))["status"], "cancelled");
    await assert.rejects(change("retry_step", { step: 2 }), refusal(422, "invalid_request"));
  });

  test("a job may begin late", async () => {
    const { next, job } = await begun({ delay_seconds: 3600 });
    assert.equal(await next(), null);
    const [step] = await stepsOf(job);
    assert.ok(step!["run_after"].valueOf() > Date.now() + 3_500_000);
    await wake(target(), { ...job, step: 1 });
    assert.equal((await next())!["step"], 1);
  });

  test("who starts what waits already is merged with it, and it waits from then on", async () => {
    const merge = { merge_key: "chapter 1", delay_seconds: 60 };
    const { user, project_id, job, next } = await begun({ ...merge, steps: [{ a: 1 }] });
    const again = await startJob(target(), user, project_id, {
      ...merge,
      delay_seconds: 600,
      steps: [{ b: 2 }],
    });
    assert.deepEqual([again["job_id"], again["steps"]], [job["job_id"], 1]);
    const [waiting] = await stepsOf(job);
    assert.deepEqual(waiting!["payload"], { a: 1, b: 2 });
    assert.ok(waiting!["run_after"].valueOf() > Date.now() + 500_000);
    const other = await startJob(target(), user, project_id, { ...merge, merge_key: "chapter 2" });
    assert.notEqual(other["job_id"], job["job_id"]);

    await wake(target(), waiting!);
    const step = (await next())!;
    // The step that has begun does not know of the new request, which becomes a step after it.
    const later = await startJob(target(), user, project_id, { merge_key: "chapter 1" });
    assert.deepEqual([later["job_id"], later["steps"]], [job["job_id"], 2]);
    assert.equal((await commitOne(target(), step))["job_status"], "running");
    assert.equal((await commitOne(target(), (await next())!))["job_status"], "done");
    const fresh = await startJob(target(), user, project_id, { merge_key: "chapter 1" });
    assert.notEqual(fresh["job_id"], job["job_id"]);
  });

  test("who waits for a job is given a step only where nobody is at it", async () => {
    const { next } = await begun({ steps: STEPS, is_serial: false });
    const first = (await next({ is_idle: true }))!;
    assert.equal(await next({ is_idle: true }), null);
    await fail(target(), first);
    await wake(target(), first);
    assert.equal(await next({ is_idle: true }), null, "what has failed is left to others");
    assert.equal((await next())!["step"], 1);
  });

  test("a step's text may be a reply that is saved while it grows", async () => {
    const { next, job, user } = await begun();
    const step = (await next())!;
    const turn = await begin(target(), user);
    const { generation_id } = turn;
    await target().call("report_step", { ...leaseOf(step), generation_id });
    await append(target(), turn, 0, "Once ");
    await append(target(), turn, 5, "upon a time.");
    assert.equal((await stepsOf(job))[0]!["generation_id"], generation_id);
    const read = await ask(target(), user, "read_turn", { generation_id });
    assert.equal(read["text"], "Once upon a time.", "so that it can be resumed");
  });

  test("another's job is not there, and one of nobody's project cannot be begun", async () => {
    const { job, project_id } = await begun();
    const stranger = newUser();
    for (const name of ["cancel_job", "pause_job", "resume_job", "read_job"]) {
      await assert.rejects(change(target(), stranger, name, job), refusal(404, "not_found"));
    }
    await assert.rejects(
      change(target(), stranger, "retry_step", job, { step: 1 }),
      refusal(404, "not_found"),
    );
    await assert.rejects(startJob(target(), stranger, project_id), refusal(404, "not_found"));
  });

  test("an owner may have 200 open jobs", async () => {
    const { user, project_id, change } = await begun();
    for (let jobs = 1; jobs < 200; jobs += 1) await startJob(target(), user, project_id);
    await assert.rejects(startJob(target(), user, project_id), refusal(429, "rate_limited"));
    await change("cancel_job");
    await startJob(target(), user, project_id);
    await ask(target(), user, "delete_project", { project_id });
    assert.deepEqual(await target().select("jobs", { project_id }), []);
  });

  test("jobs that have ended go after their time, and with them their steps", async () => {
    const { job, next } = await begun();
    await commitOne(target(), (await next())!);
    const { job_id } = job;
    await target().call("delete_finished_jobs", {});
    assert.equal((await only(target(), "jobs", { job_id }))["status"], "done");
    await target().update("jobs", { job_id }, { finished_at: "2020-01-01T00:00:00Z" });
    const { deleted } = await target().call("delete_finished_jobs", {});
    assert.ok(deleted >= 1);
    assert.deepEqual(await target().select("jobs", { job_id }), []);
    assert.deepEqual(await stepsOf(job), []);
  });

  test("a kind that has no work here is left to those that have it", async () => {
    const { next } = await begun();
    assert.equal(await claim(target(), { kinds: ["dossier_import"], job_id: "00000000-0000-4000-8000-000000000000" }), null);
    assert.notEqual(await next(), null);
  });
}
