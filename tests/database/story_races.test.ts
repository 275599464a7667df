// A story's task while the story is deleted or moved, on a real PostgreSQL. A deadlock is no refusal and
// fails the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { guestOf, migrate, personOf, type Person } from "./accounts.ts";
import { rounds, soon, split, times } from "./at_once.ts";
import { claimReading, commitReading, wakeReading } from "./extractions.ts";
import { ask } from "./lists.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import {
  beginStory,
  claimStory,
  commitStory,
  endReading,
  ofStory,
  ofTask,
  readTask,
  work,
  writeStep,
} from "./stories.ts";
import { Refusal, type Row } from "./target.ts";
import { leaseOf } from "./tasks.ts";
import { newUser, refusal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** A story that is being written, with the step of its first scene's second half. */
async function writing(person: Person): Promise<{ begun: Row; step: Row }> {
  const begun = await beginStory(target, person.principal, "full", { idempotency_key: "Morchel" });
  const steps = await work(target, begun["task_id"], (step) => step["next"]?.["pieces"] === 1);
  return { begun, step: steps.at(-1)! };
}

test("a guest becomes an account while the story is written: each step is stored once, the story moves", async () => {
  const seen = { moved_first: 0, stored_first: 0 };
  await rounds(6, seen, { moved_first: 1, stored_first: 1 }, async () => {
    const [account, guest] = [await personOf(target, newUser()), await guestOf(target)];
    // The account has the same story already.
    const theirs = await beginStory(target, account.principal, "full", { idempotency_key: "Morchel" });
    await work(target, theirs["task_id"]);
    const { begun, step } = await writing(guest);
    const order: string[] = [];
    const { refusals } = split(
      await times<unknown>(3, (index) =>
        (<(() => Promise<unknown>)[]>[
          () => soon(30, () => commitStory(target, step, writeStep(step))).then(() => order.push("stored")),
          () => soon(30, () => migrate(target, account, guest)).then(() => order.push("moved")),
          () =>
            soon(30, () =>
              ofStory(target, guest.principal, "insert_scene", begun["project_id"], { body: { title: "One more" } }),
            ),
        ])[index]!(),
      ),
    );
    assert.ok(refusals.every((code) => /^(invalid_token|not_found)$/.test(code)), `${refusals}`);
    seen[order[0] === "moved" ? "moved_first" : "stored_first"] += 1;
    await work(target, begun["task_id"]);
    const read = await readTask(target, account.principal, begun["task_id"]);
    assert.equal(read["status"], "completed");
    for (const table of ["stories", "story_parts", "story_versions", "story_cache", "story_requests", "sessions"]) {
      assert.deepEqual(await target.select(table, { owner_id: guest.id }), [], table);
    }
    await assertSound(target);
  });
});

test("an account or a project is deleted while its story is written, read and changed", async () => {
  for (let round = 0; round < 6; round += 1) {
    const person = await personOf(target, newUser());
    const { begun, step } = await writing(person);
    const { task_id, project_id } = begun;
    const of = (name: string, changes: Row = {}) => ofStory(target, person.principal, name, project_id, changes);
    const scene_id = step["next"]["part_id"];
    const acts = [
      () => commitStory(target, step, writeStep(step)),
      () => target.call("save_story_draft", { ...leaseOf(step), from_byte: 0, text: "A" }),
      () => of("write_story_part", { part: "scene", scene_id, body: { text: "Mine." } }),
      () => of("delete_scene", { scene_id }),
      () => of("restore_scene", { scene_id }),
      () => ofTask(target, person.principal, "pause_story_task", task_id),
      () => ofTask(target, person.principal, "resume_story_task", task_id),
      () => beginStory(target, person.principal, "premise"),
      () =>
        round % 2 === 0
          ? ask(target, person.principal, "delete_account", {})
          : ask(target, person.principal, "delete_project", { project_id }),
    ];
    const { refusals } = split(await times(acts.length, (index) => soon(40, acts[index]!)));
    assert.ok(
      refusals.every((code) => /^(not_found|invalid_token|stale_lease|invalid_request|story_in_progress)$/.test(code)),
      `${refusals}`,
    );
    for (const table of ["stories", "story_parts"]) {
      assert.deepEqual(await target.select(table, { project_id }), [], table);
    }
    await assertSound(target);
  }
});

test("a story is written while its scenes are read for the dossier: no deadlock, nothing twice", async () => {
  const person = await personOf(target, newUser());
  const { task_id, project_id } = await beginStory(target, person.principal, "full");
  await work(target, task_id, (step) => step["next"] !== null);
  const [open] = await target.select("job_steps", { job_id: task_id, status: "running" });
  await target.update("job_steps", { job_id: task_id, step: open!["step"] }, { run_after: "2020-01-01" });
  const isDone = async () => (await readTask(target, person.principal, task_id))["status"] === "completed";
  const stored: number[] = [];
  const write = async () => {
    while (!(await isDone())) {
      await endReading(target);
      const step = await claimStory(target, task_id);
      if (step === null) continue;
      const answer = await commitStory(target, step, writeStep(step)).catch((error: Error) => {
        assert.ok(error instanceof Refusal && error.code === "stale_lease", String(error));
        return { already: true };
      });
      if (!answer["already"]) stored.push(step["step"]);
    }
  };
  const read = async () => {
    while (!(await isDone())) {
      for (const { session_id } of await target.select("sessions", { project_id, kind: "story" })) {
        await wakeReading(target, { session_id });
        const task = await claimReading(target, { session_id });
        if (task !== null) {
          await commitReading(target, task, []).catch((error: Error) => {
            assert.ok(error instanceof Refusal && error.code === "stale_lease", String(error));
          });
        }
      }
    }
  };
  await Promise.all([write(), write(), read(), read()]);
  assert.equal(new Set(stored).size, stored.length);
  const [story] = await target.select("stories", { project_id });
  assert.deepEqual([story!["scenes"], story!["scenes_written"]], [5, 5]);
  await assertSound(target);
});

test("of different requests for one story at once one is begun", async () => {
  const user = newUser();
  const { task_id, project_id } = await beginStory(target, user, "premise");
  await work(target, task_id);
  const routes = ["outline", "start", "full", "continue", "refine"];
  const { answers, refusals } = split(
    await times(20, (index) => beginStory(target, user, routes[index % 5]!, { project_id })),
  );
  assert.equal(new Set(answers.map((answer) => answer["task_id"])).size, 1);
  assert.equal(answers.length, 4);
  assert.deepEqual(new Set(refusals), new Set(["story_in_progress"]));
  await assert.rejects(readTask(target, newUser(), task_id), refusal(404, "not_found"));
});
