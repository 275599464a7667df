// Tasks of stories on a real PostgreSQL: a step's input, its stored result, and the owner's view.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { split, times } from "./at_once.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import {
  beginStory,
  claimStory,
  commitStory,
  endReading,
  ofStory,
  ofTask,
  plans,
  readTask,
  SETTINGS,
  words,
  work,
  writeStep,
} from "./stories.ts";
import { Refusal, type Row } from "./target.ts";
import { fail, leaseOf, wake } from "./tasks.ts";
import { newUser, refusal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

test("a story is written from its premise to its end", async () => {
  const user = newUser();
  const begun = await beginStory(target, user, "full");
  assert.equal(begun["outcome"], "begun");
  const task_id = begun["task_id"];
  assert.equal((await readTask(target, user, task_id))["status"], "pending");
  const steps = await work(target, task_id);
  assert.equal(steps.length, 1 + 1 + 5 * 3 + 1);
  const scene3 = steps.filter((step) => step["next"]?.["number"] === 3)[0]!;
  assert.deepEqual(
    scene3["previous"].map(({ number, text }: { number: number; text: string }) => [number, text.length]),
    [
      [2, words(100).length + 2 + words(100, "hive").length],
      [1, words(100).length + 2 + words(100, "hive").length],
    ],
  );
  const read = await readTask(target, user, task_id);
  assert.equal(read["status"], "completed");
  assert.equal(read["progress"], 100);
  assert.equal(read["result"]["word_count"], 1000);
  assert.equal(read["result"]["story"].split(/\s+/).length, 1000);
  assert.equal(read["result"]["is_complete"], true);
  assert.equal(read["result"]["outline"].length, 5);
  await assertSound(target);
});

test("a project is called as its premise begins, however long that is", async () => {
  const names: [premise: string, name: string][] = [
    ["A keeper finds a door in the sea, and opens it.", "A keeper finds a door in the sea,"],
    ["0".repeat(16_384), "0".repeat(60)],
    ["海".repeat(5_000), "海".repeat(60)],
    [`${"🌊".repeat(59)} 🌊🌊`, "🌊".repeat(59)],
  ];
  for (const [premise, name] of names) {
    const user = newUser();
    const begun = await beginStory(target, user, "outline", { title: "", given: { premise } });
    const [project] = await target.select("projects", { project_id: begun["project_id"] });
    assert.equal(project!["name"], name);
  }
});

test("identical requests are one task, and then one kept answer that is the owner's alone", async () => {
  const user = newUser();
  const begun = await Promise.all(
    Array.from({ length: 20 }, () => beginStory(target, user, "premise")),
  );
  assert.equal(new Set(begun.map(({ task_id }) => task_id)).size, 1);
  assert.equal(begun.filter(({ outcome }) => outcome === "begun").length, 1);
  assert.equal((await target.select("projects", { owner_id: user.subject })).length, 1);
  const { task_id } = begun[0]!;
  await work(target, task_id);
  const { result } = await readTask(target, user, task_id);
  assert.match(result["premise"], /^A keeper of bees/);
  const kept = await beginStory(target, user, "premise");
  assert.deepEqual([kept["outcome"], kept["body"]], ["cached", result]);
  assert.equal((await beginStory(target, newUser(), "premise"))["outcome"], "begun");

  const stats = await target.call("story_cache_stats", { principal: user });
  assert.deepEqual(
    [stats["body"]["entries"], stats["body"]["hits"], stats["body"]["by_route"]],
    [1, 1, { premise: 1 }],
  );
  const fresh = await beginStory(target, user, "premise", { fresh: true });
  assert.equal(fresh["outcome"], "begun");
  await work(target, fresh["task_id"]);
  const again = await beginStory(target, user, "premise");
  assert.deepEqual(again["body"], (await readTask(target, user, fresh["task_id"]))["result"]);
  assert.notDeepEqual(again["body"], result);
  const cleared = await target.call("clear_story_cache", { principal: user });
  assert.equal(cleared["body"]["deleted"], 1);
  assert.equal((await beginStory(target, user, "premise"))["outcome"], "begun");
});

test("an answer that failed or was cancelled is not kept", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "ideas");
  await ofTask(target, user, "cancel_story_task", task_id);
  assert.equal((await readTask(target, user, task_id))["status"], "cancelled");
  assert.deepEqual(await target.select("story_cache", { owner_id: user.subject }), []);
  const second = await beginStory(target, user, "ideas");
  assert.equal(second["outcome"], "begun");
  await giveUp(second["task_id"]);
  assert.equal((await readTask(target, user, second["task_id"]))["status"], "failed");
  assert.deepEqual(await target.select("story_cache", { owner_id: user.subject }), []);
});

/** Lets the task's step fail until it is given up. */
async function giveUp(task_id: string): Promise<void> {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const step = (await claimStory(target, task_id))!;
    await fail(target, step);
    await wake(target, step);
  }
}

test("a step that was given up is tried again on request, and the task goes on from it", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "outline");
  await work(target, task_id, (step) => step["premise"] !== null);
  // The claimed step's worker has died.
  const [step] = await target.select("job_steps", { job_id: task_id, status: "running" });
  await wake(target, step!);
  for (let attempt = 2; attempt <= 5; attempt += 1) {
    const claimed = (await claimStory(target, task_id))!;
    assert.equal(claimed["step"], 2);
    await fail(target, claimed);
    await wake(target, claimed);
  }
  const failed = await readTask(target, user, task_id);
  assert.deepEqual([failed["status"], failed["error"]["message"]], ["failed", "It was away."]);
  await assert.rejects(
    ofTask(target, newUser(), "retry_story_task", task_id),
    refusal(404, "not_found"),
  );
  const retried = await ofTask(target, user, "retry_story_task", task_id);
  assert.deepEqual([retried["status"], retried["body"]["status"]], [202, "processing"]);
  const steps = await work(target, task_id);
  assert.deepEqual(steps.map(({ step }) => step), [2]);
  const { result } = await readTask(target, user, task_id);
  assert.equal(result["outline"].length, 5);
  const kept = await beginStory(target, user, "outline");
  assert.deepEqual([kept["outcome"], kept["body"]], ["cached", result]);
});

test("a task that tries again says why and when, and one that cannot be helped ends at once", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "premise");
  const step = (await claimStory(target, task_id))!;
  await fail(target, step, { error: "provider_incomplete: The model said nothing." });
  const waiting = await readTask(target, user, task_id);
  assert.deepEqual([waiting["status"], waiting["error"]["code"]], ["processing", "provider_incomplete"]);
  assert.equal(waiting["message"], "The model said nothing. The task tries again by itself.");
  const { retry_at } = waiting["error"];
  assert.ok(Date.parse(retry_at) > Date.now() + 5_000 && Date.parse(retry_at) < Date.now() + 30_000, retry_at);

  await wake(target, step);
  const second = (await claimStory(target, task_id))!;
  assert.equal("error" in (await readTask(target, user, task_id)), false, "it is being tried again");
  const ended = await fail(target, second, { error: "provider_unauthorized: The key is wrong.", is_final: true });
  assert.equal(ended["status"], "failed");
  const failed = await readTask(target, user, task_id);
  assert.deepEqual(
    [failed["status"], failed["error"]],
    ["failed", { code: "provider_unauthorized", message: "The key is wrong." }],
  );
  assert.equal((await beginStory(target, user, "premise", { project_id: waiting["project_id"] }))["outcome"], "begun");
});

test("one task of a story is open at a time", async () => {
  const user = newUser();
  const { task_id, project_id } = await beginStory(target, user, "premise");
  await assert.rejects(beginStory(target, user, "full", { project_id }), (error: Error) => {
    assert.ok(error instanceof Refusal && error.code === "story_in_progress" && error.status === 409);
    assert.match(error.message, new RegExp(task_id));
    return true;
  });
  await work(target, task_id);
  assert.equal((await beginStory(target, user, "full", { project_id }))["outcome"], "begun");
});

test("a request with a name is one task, also where answers are not kept", async () => {
  const user = newUser();
  const { task_id: first, project_id } = await beginStory(target, user, "outline");
  await work(target, first);
  const named = { project_id, idempotency_key: "Morchel", request_hash: "a".repeat(64) };
  const begun = await beginStory(target, user, "continue", named);
  assert.equal(begun["outcome"], "begun");
  await work(target, begun["task_id"]);
  const repeated = await beginStory(target, user, "continue", named);
  assert.deepEqual(repeated, { ...begun, outcome: "joined" });
  await assert.rejects(
    beginStory(target, user, "continue", { ...named, request_hash: "b".repeat(64) }),
    refusal(422, "idempotency_key_reused"),
  );
  assert.equal((await beginStory(target, newUser(), "premise", { ...named, project_id: undefined }))["outcome"], "begun");
});

test("a request without a project finds the story by its premise", async () => {
  const user = newUser();
  const given = { premise: "A keeper of bees hears them sing at night, in words that nobody knows." };
  const outline = await beginStory(target, user, "outline", { given });
  await work(target, outline["task_id"]);
  const start = await beginStory(target, user, "start", { given });
  assert.equal(start["project_id"], outline["project_id"]);
  const step = (await claimStory(target, start["task_id"]))!;
  assert.deepEqual(step["premise"], { text: given.premise, is_locked: false });
  assert.equal(step["next"]["number"], 1);
  const [project] = await target.select("projects", { project_id: start["project_id"] });
  assert.deepEqual(
    [project!["name"], project!["phase"]],
    ["A keeper of bees hears them sing at", "writing"],
  );
  const other = await beginStory(target, user, "start", {
    given: { premise: "Another.", outline: plans(6), story_text: "Once." },
  });
  await endReading(target);
  const second = (await claimStory(target, other["task_id"]))!;
  assert.deepEqual([second["totals"]["scenes"], second["next"]["number"]], [6, 2]);
  assert.equal(second["previous"][0]["text"], "Once.");
});

test("a late worker's result is refused, and a step is stored once", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "outline");
  const late = (await claimStory(target, task_id))!;
  await wake(target, late);
  const step = (await claimStory(target, task_id))!;
  await assert.rejects(commitStory(target, late, writeStep(late)), refusal(409, "stale_lease"));
  const stored = await times(10, () => commitStory(target, step, writeStep(step)));
  const { answers } = split(stored);
  assert.equal(answers.filter(({ already }) => already === false).length, 1);
  assert.equal((await target.select("story_versions", { owner_id: user.subject })).length, 1);
  await work(target, task_id);
  await assertSound(target);
});

test("a paused task finishes its running step and goes on when it is resumed", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "full");
  const step = (await claimStory(target, task_id))!;
  const paused = await ofTask(target, user, "pause_story_task", task_id);
  assert.equal(paused["body"]["status"], "paused");
  await commitStory(target, step, writeStep(step));
  assert.equal(await claimStory(target, task_id), null);
  assert.equal((await readTask(target, user, task_id))["status"], "paused");
  const resumed = await ofTask(target, user, "resume_story_task", task_id);
  assert.equal(resumed["body"]["status"], "processing");
  await work(target, task_id);
  assert.equal((await readTask(target, user, task_id))["status"], "completed");
});

test("a cancelled task stores nothing more and keeps what is written", async () => {
  const user = newUser();
  const { task_id, project_id } = await beginStory(target, user, "full");
  const steps = await work(target, task_id, (step) => step["totals"]["scenes_written"] === 2);
  const last = steps.at(-1)!;
  await ofTask(target, user, "cancel_story_task", task_id);
  await assert.rejects(commitStory(target, last, writeStep(last)), refusal(409, "stale_lease"));
  await assert.rejects(
    target.call("save_story_draft", { ...leaseOf(last), from_byte: 0, text: "x" }),
    refusal(409, "stale_lease"),
  );
  const [story] = await target.select("stories", { project_id });
  assert.deepEqual([story!["scenes_written"], story!["length_written"]], [2, "400"]);
});

test("progress never goes back and is not the share of steps that are done", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "full");
  let known = 0;
  await work(target, task_id, undefined, (step) => {
    return { ...writeStep(step), progress: step["totals"]["scenes_written"] * 15 };
  });
  const events = (await ofTask(target, user, "watch_story_task", task_id))["events"] as Row[];
  const progress = events.filter(({ type }) => type === "progress").map(({ body }) => body["progress"]);
  for (const now of progress) {
    assert.ok(now >= known && now <= 75, `${progress}`);
    known = now;
  }
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, at) => at + 1));
  assert.deepEqual(events.at(-1)!["body"], { status: "completed" });
});

test("a draft is followed, outlives its worker, and goes with the step's end", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "full");
  const [step] = (await work(target, task_id, (given) => given["next"] !== null)).slice(-1) as [Row];
  const save = (from_byte: number, text: string, claimed = step) =>
    target.call("save_story_draft", { ...leaseOf(claimed), from_byte, text, asked: 120 });
  assert.deepEqual(await save(0, "Die Bienenkönigin "), { saved_bytes: 19, is_cancelled: false });
  assert.deepEqual(await save(19, "schläft."), { saved_bytes: 28, is_cancelled: false });
  assert.deepEqual(await save(19, "schläft. Sie träumt."), { saved_bytes: 41, is_cancelled: false });
  await assert.rejects(save(50, "x"), refusal(422, "invalid_request"));
  const watch = async (bytes?: number) =>
    (
      await ofTask(target, user, "watch_story_task", task_id, {
        draft_step: step["step"],
        draft_after_bytes: bytes,
      })
    )["draft"];
  const text = "Die Bienenkönigin schläft. Sie träumt.";
  const draft = await watch();
  assert.deepEqual([draft["text"], draft["from_byte"], draft["attempt"]], [text, 0, 1]);
  assert.deepEqual([draft["part"]["kind"], draft["part"]["number"]], ["scene", 1]);
  assert.equal((await watch(19))["text"], "schläft. Sie träumt.");
  for (let bytes = 0; bytes <= 45; bytes += 1) {
    const part = await watch(bytes);
    assert.ok(text.endsWith(part["text"]), `${bytes}`);
  }
  // Its worker dies.
  await wake(target, step);
  const next = (await claimStory(target, task_id))!;
  assert.deepEqual(next["saved"], { text, attempt: 1, asked: 120 });
  assert.deepEqual(await save(0, "Neu.", next), { saved_bytes: 4, is_cancelled: false });
  assert.equal((await watch(41))["text"], "Neu.");
  await commitStory(target, next, writeStep(next));
  assert.deepEqual(await target.select("story_drafts", { job_id: task_id }), []);
  assert.equal(await watch(), null);
});

test("a task is another's for others", async () => {
  const { task_id, project_id } = await beginStory(target, newUser(), "premise");
  for (const name of ["read", "watch", "cancel", "pause", "resume", "retry"]) {
    await assert.rejects(
      ofTask(target, newUser(), `${name}_story_task`, task_id),
      refusal(404, "not_found"),
    );
  }
  for (const name of ["read_story", "update_story", "read_story_export", "insert_scene"]) {
    await assert.rejects(ofStory(target, newUser(), name, project_id), refusal(404, "not_found"));
  }
  await assert.rejects(
    beginStory(target, newUser(), "full", { project_id }),
    refusal(404, "not_found"),
  );
});

test("finished tasks are kept for a week, stories for good", async () => {
  const user = newUser();
  const { task_id, project_id } = await beginStory(target, user, "premise");
  await work(target, task_id);
  const days_ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  await target.update("jobs", { job_id: task_id }, { finished_at: days_ago(6.9) });
  await target.call("delete_finished_jobs", {});
  assert.equal((await readTask(target, user, task_id))["status"], "completed");
  await target.update("jobs", { job_id: task_id }, { finished_at: days_ago(7.1) });
  await target.call("delete_finished_jobs", {});
  await assert.rejects(readTask(target, user, task_id), refusal(404, "not_found"));
  const read = await ofStory(target, user, "read_story", project_id);
  assert.match(read["body"]["premise"]["text"], /^A keeper of bees/);
  assert.equal((await beginStory(target, user, "premise"))["outcome"], "cached");
});

test("only the settings that a request names change a story, and a changed story is asked about anew", async () => {
  const user = newUser();
  const begun = await beginStory(target, user, "outline");
  assert.deepEqual(begun["settings"], SETTINGS);
  await work(target, begun["task_id"]);
  const { project_id } = begun;
  const again = { project_id, settings: { ...SETTINGS, persona: "a poet", story_tone: "Dark" }, named: ["story_tone"] };
  const other = await beginStory(target, user, "outline", again);
  assert.deepEqual([other["outcome"], other["settings"]], ["begun", { ...SETTINGS, story_tone: "Dark" }]);
  await work(target, other["task_id"]);
  assert.equal((await beginStory(target, user, "outline", again))["outcome"], "cached");
  await ofStory(target, user, "write_story_part", project_id, { part: "premise", body: { text: "Of a queen." } });
  assert.equal((await beginStory(target, user, "outline", again))["outcome"], "begun");
});
