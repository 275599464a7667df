// The person's actions on a story, beside the task that writes it, on a real PostgreSQL.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { times } from "./at_once.ts";
import { assertion } from "./dossiers.ts";
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
  plan,
  plans,
  readTask,
  words,
  work,
  writeStep,
} from "./stories.ts";
import { Refusal, type Row } from "./target.ts";
import { begin, newUser, refusal, type Principal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

interface Writing {
  user: Principal;
  project_id: string;
  task_id: string;
  /** The step that is claimed and not committed. */
  step: Row;
}

/** A story of five scenes whose task holds the first step for which it is enough. */
async function writing(isEnough: (step: Row) => boolean): Promise<Writing> {
  const user = newUser();
  const { task_id, project_id } = await beginStory(target, user, "full");
  const steps = await work(target, task_id, isEnough);
  return { user, project_id, task_id, step: steps.at(-1)! };
}
const beginsScene = (number: number) => (step: Row) =>
  step["next"]?.["number"] === number && step["next"]["pieces"] === 0 && step["unrecapped"] === null;

async function read({ user, project_id }: Writing, with_text = true): Promise<Row> {
  return (await ofStory(target, user, "read_story", project_id, { query: { with_text } }))["body"];
}
const numbersAndTitles = (story: Row) =>
  story["scenes"].map((scene: Row) => [scene["number"], scene["title"]]);
const sceneId = async (story: Writing, number: number): Promise<string> =>
  (await read(story))["scenes"][number - 1]["scene_id"];

const change = (story: Writing, name: string, changes: Row): Promise<Row> =>
  ofStory(target, story.user, name, story.project_id, changes);
const scenePart = async (story: Writing, number: number): Promise<Row> => ({
  part: "scene",
  scene_id: await sceneId(story, number),
});

test("what the person has written is not overwritten: a model's text is a version that is not current", async () => {
  const story = await writing((step) => step["next"]?.["number"] === 2 && step["next"]["pieces"] === 1);
  const scene = await scenePart(story, 2);
  const text = "I have written this myself.";
  const written = await change(story, "write_story_part", { ...scene, body: { text, title: "Mine" } });
  assert.deepEqual(
    [written["body"]["text"], written["body"]["title"], written["body"]["length"], written["body"]["is_edited"]],
    [text, "Mine", 5, true],
  );
  const stored = await commitStory(target, story.step, writeStep(story.step));
  assert.equal(stored["is_current"], false);
  const after = (await read(story))["scenes"][1];
  assert.equal(after["text"], text);
  const versions = (await change(story, "list_story_versions", scene))["body"] as Row[];
  assert.deepEqual(
    versions.map(({ aspect, made_by, is_current }) => [aspect, made_by, is_current]),
    [
      ["text", "model", false],
      ["text", "person", true],
      ["plan", "person", true],
      ["plan", "model", false],
    ],
  );
  await work(target, story.task_id);
  assert.equal((await read(story))["scenes"][1]["text"], text);
  assert.equal((await readTask(target, story.user, story.task_id))["status"], "completed");

  // The person takes the model's text after all.
  const chosen = await change(story, "select_story_version", {
    ...scene,
    version: versions[0]!["version"],
  });
  assert.equal(chosen["body"]["text"], versions[0]!["text"]);
  await assertSound(target);
});

test("a locked scene keeps its text when it is written anew, and an unlocked one keeps the old take", async () => {
  const story = await writing(() => false);
  const scene = await scenePart(story, 3);
  const before = (await read(story))["scenes"][2]["text"];
  await change(story, "lock_story_part", scene);
  const anew = async () => {
    const { task_id } = await beginStory(target, story.user, "scene", {
      given: { scene_id: scene["scene_id"], feedback: "Shorter." },
    });
    const steps = await work(target, task_id, undefined, (step) => {
      const made = writeStep(step);
      return made["did"] === "scene" ? { ...made, text: "Anew." } : made;
    });
    assert.equal(steps[0]!["given"]["feedback"], "Shorter.");
    return (await readTask(target, story.user, task_id))["result"];
  };
  const kept = await anew();
  assert.deepEqual([kept["text"], kept["is_current"], kept["scene"]["text"]], ["Anew.", false, before]);
  await change(story, "unlock_story_part", scene);
  const used = await anew();
  assert.deepEqual([used["text"], used["is_current"], used["scene"]["text"]], ["Anew.", true, "Anew."]);
  const versions = (await change(story, "list_story_versions", scene))["body"] as Row[];
  assert.equal(versions.filter(({ text }) => text === before).length, 1);
  assert.equal((await read(story))["scenes"].length, 5);
  await assertSound(target);
});

test("a locked or edited premise, and a locked outline, stay", async () => {
  const story = await writing((step) => step["totals"]["scenes"] > 0);
  await ofTask(target, story.user, "cancel_story_task", story.task_id);
  const premise = { part: "premise" };
  await change(story, "write_story_part", { ...premise, body: { text: "Mine." } });
  const { task_id } = await beginStory(target, story.user, "premise", { project_id: story.project_id });
  const step = (await claimStory(target, task_id))!;
  assert.deepEqual(step["premise"], { text: "Mine.", is_locked: true });
  const stored = await commitStory(target, step, { did: "premise", text: "Another.", is_last_step: true });
  assert.equal(stored["is_current"], false);
  assert.equal((await read(story))["premise"]["text"], "Mine.");
  assert.equal((await readTask(target, story.user, task_id))["result"]["premise"], "Another.");

  await change(story, "lock_story_part", { part: "outline" });
  const refine = await beginStory(target, story.user, "refine", {
    project_id: story.project_id,
    given: { feedback: "Darker." },
  });
  const refining = (await claimStory(target, refine["task_id"]))!;
  assert.equal(refining["outline"]["is_locked"], true);
  const before = numbersAndTitles(await read(story));
  const refined = { did: "outline", scenes: plans(8).map((one) => ({ ...one, title: "Dark" })), is_last_step: true };
  assert.equal((await commitStory(target, refining, refined))["is_current"], false);
  assert.deepEqual(numbersAndTitles(await read(story)), before);
  await assertSound(target);
});

test("a refined outline changes what is not written, and keeps the scenes' ids", async () => {
  const story = await writing(beginsScene(3));
  await ofTask(target, story.user, "cancel_story_task", story.task_id);
  const ids = (await read(story))["scenes"].map(({ scene_id }: Row) => scene_id);
  const { task_id } = await beginStory(target, story.user, "refine", {
    project_id: story.project_id,
    given: { feedback: "Longer." },
  });
  await endReading(target);
  const step = (await claimStory(target, task_id))!;
  const scenes = plans(7).map((one) => ({ ...one, title: `New ${one["number"]}` }));
  await commitStory(target, step, { did: "outline", scenes, is_last_step: true });
  const refined = await read(story);
  assert.deepEqual(
    numbersAndTitles(refined).map(([, title]: [number, string]) => title),
    ["The hive 1", "The hive 2", "New 3", "New 4", "New 5", "New 6", "New 7"],
  );
  assert.deepEqual(
    refined["scenes"].slice(0, 5).map(({ scene_id }: Row) => scene_id),
    ids,
  );
  const shorter = await beginStory(target, story.user, "refine", {
    project_id: story.project_id,
    given: { feedback: "Shorter." },
  });
  const second = (await claimStory(target, shorter["task_id"]))!;
  await commitStory(target, second, { did: "outline", scenes: plans(5), is_last_step: true });
  const short = await read(story);
  assert.equal(short["scenes"].length, 5);
  assert.equal(short["deleted_scenes"].length, 2);
  await assertSound(target);
});

test("scenes are inserted, moved, deleted and restored while a task writes", async () => {
  const story = await writing((step) => step["next"]?.["number"] === 3 && step["next"]["pieces"] === 1);
  const inserted = await change(story, "insert_scene", {
    body: { after_scene_id: await sceneId(story, 1), title: "Between" },
  });
  assert.deepEqual([inserted["status"], inserted["body"]["number"]], [201, 2]);
  await change(story, "delete_scene", { scene_id: await sceneId(story, 5) });
  await change(story, "move_scene", {
    scene_id: await sceneId(story, 5),
    body: { after_scene_id: null },
  });
  assert.deepEqual(numbersAndTitles(await read(story)), [
    [1, "The hive 5"],
    [2, "The hive 1"],
    [3, "Between"],
    [4, "The hive 2"],
    [5, "The hive 3"],
  ]);
  // The running step is of the scene that was the third.
  await commitStory(target, story.step, writeStep(story.step));
  assert.equal((await read(story))["scenes"][4]["state"], "written");
  await endReading(target);
  const steps = await work(target, story.task_id);
  const begun = steps
    .filter(({ next, unrecapped }) => next?.["pieces"] === 0 && unrecapped === null)
    .map(({ next }) => next["title"]);
  assert.deepEqual(begun, ["The hive 5", "Between"]);
  const between = steps.find(
    ({ next, unrecapped }) => next?.["title"] === "Between" && unrecapped === null,
  )!;
  assert.deepEqual(
    between["recaps"].map(({ title }: Row) => title),
    ["The hive 5", "The hive 1"],
  );
  assert.equal(between["previous"][0]["title"], "The hive 1");
  const done = await read(story);
  assert.equal(done["scenes_written"], 5);
  const deleted = done["deleted_scenes"][0];
  assert.equal(deleted["title"], "The hive 4");
  const restored = await change(story, "restore_scene", { scene_id: deleted["scene_id"] });
  assert.deepEqual([restored["body"]["number"], restored["body"]["state"]], [5, "planned"]);
  await assertSound(target);
});

test("a scene that is deleted while it is written keeps its text for later", async () => {
  const story = await writing((step) => step["next"]?.["number"] === 2 && step["next"]["pieces"] === 1);
  const scene_id = await sceneId(story, 2);
  await change(story, "delete_scene", { scene_id });
  await commitStory(target, story.step, writeStep(story.step));
  await assertSound(target);
  await work(target, story.task_id);
  assert.equal((await readTask(target, story.user, story.task_id))["status"], "completed");
  assert.equal((await read(story))["scenes_written"], 4);
  const restored = await change(story, "restore_scene", { scene_id });
  assert.deepEqual([restored["body"]["state"], restored["body"]["number"]], ["written", 2]);
  assert.ok(restored["body"]["text"].length > 0);
  await assertSound(target);
});

test("the dossier follows a scene that is deleted, restored, or gets another text", async () => {
  const story = await writing(beginsScene(2));
  await ofTask(target, story.user, "cancel_story_task", story.task_id);
  const scene_id = await sceneId(story, 1);
  const [part] = await target.select("story_parts", { part_id: scene_id });
  const { session_id, message_id } = part!;
  const reading = async () => {
    await wakeReading(target, { session_id });
    return claimReading(target, { session_id });
  };
  const task = (await reading())!;
  assert.deepEqual(
    task["messages"].map((message: Row) => message["message_id"]),
    [message_id],
  );
  await commitReading(target, task, [assertion("Ana keeps bees", { message_id })]);
  const pathEntries = async () =>
    (await target.select("dossier_assertions", { project_id: story.project_id, kind: "path" })).map(
      ({ body }) => [body["left"] ?? [], body["back"] ?? []],
    );
  await change(story, "delete_scene", { scene_id });
  assert.deepEqual(await pathEntries(), [[[message_id], []]]);
  await assertSound(target);
  await change(story, "restore_scene", { scene_id });
  assert.deepEqual((await pathEntries()).at(-1), [[], [message_id]]);
  const edited = await change(story, "write_story_part", {
    part: "scene",
    scene_id,
    body: { text: "Ana has no bees." },
  });
  assert.equal(edited["body"]["text"], "Ana has no bees.");
  assert.deepEqual((await pathEntries()).at(-1), [[message_id], []]);
  const second = (await reading())!;
  assert.deepEqual(
    second["messages"].map((message: Row) => message["text"]),
    ["Ana has no bees."],
  );
  await assertSound(target);
});

test("a scene waits for the reading of the one before it, but not for long", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "full");
  await work(target, task_id, (step) => step["next"]?.["number"] === 1 && step["next"]["pieces"] === 1);
  const [step] = await target.select("job_steps", { job_id: task_id, status: "running" });
  await commitStory(target, step!, {
    did: "scene",
    part_id: step!["payload"]["part"]["part_id"],
    text: words(50),
  });
  // Its recap needs no facts.
  const recap = (await claimStory(target, task_id))!;
  assert.equal(recap["unrecapped"]["number"], 1);
  await commitStory(target, recap, writeStep(recap));
  const watched = await ofTask(target, user, "watch_story_task", task_id);
  assert.equal(await claimStory(target, task_id), null);
  const [session] = await target.select("sessions", { session_id: watched["reading_session_id"] });
  assert.equal(session!["kind"], "story");
  await target.update("job_steps", { job_id: task_id, status: "queued" }, { run_after: "2020-01-01" });
  await target.update(
    "jobs",
    { session_id: session!["session_id"] },
    { created_at: new Date(Date.now() - 91_000).toISOString() },
  );
  assert.equal((await claimStory(target, task_id))!["next"]["number"], 2);
});

test("a story goes on as soon as its scene has been read", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "full");
  const isSecond = (step: Row) => step["next"]?.["number"] === 1 && step["next"]["pieces"] === 1;
  await work(target, task_id, isSecond);
  const [step] = await target.select("job_steps", { job_id: task_id, status: "running" });
  const part_id = step!["payload"]["part"]["part_id"];
  await commitStory(target, step!, { did: "scene", part_id, text: words(50) });
  const recap = (await claimStory(target, task_id))!;
  await commitStory(target, recap, writeStep(recap));
  const { reading_session_id: session_id } = await ofTask(target, user, "watch_story_task", task_id);
  assert.equal(await claimStory(target, task_id), null);
  const isDue = async () => {
    const [open] = await target.select("job_steps", { job_id: task_id, status: "queued" });
    return Date.parse(open!["run_after"]) <= Date.now();
  };
  // As if it were put off for long, so that nothing but the end of the reading makes it due.
  const later = new Date(Date.now() + 60_000).toISOString();
  await target.update("job_steps", { job_id: task_id, status: "queued" }, { run_after: later });
  const reading = (await claimReading(target, { session_id }))!;
  assert.equal(await isDue(), false);
  await commitReading(target, reading, []);
  assert.equal(await isDue(), true);
  assert.equal((await claimStory(target, task_id))!["next"]["number"], 2);
});

test("a recap of a text that has changed meanwhile is made again", async () => {
  const story = await writing((step) => step["unrecapped"]?.["number"] === 1);
  const scene = await scenePart(story, 1);
  await change(story, "write_story_part", { ...scene, body: { text: "All is different now." } });
  await commitStory(target, story.step, {
    did: "recap",
    part_id: scene["scene_id"],
    text: "An old recap.",
  });
  await endReading(target);
  const again = (await claimStory(target, story.task_id))!;
  assert.equal(again["unrecapped"]["text"], "All is different now.");
  await commitStory(target, again, writeStep(again));
  await endReading(target);
  const next = (await claimStory(target, story.task_id))!;
  assert.deepEqual([next["unrecapped"], next["recaps"][0]["recap"]], [null, "Recap of 1."]);
});

test("faults are told to the next attempt, rejected texts are kept, and a written scene is extended", async () => {
  const story = await writing(beginsScene(1));
  const part_id = story.step["next"]["part_id"];
  const findings = [{ rule: "repeats", message: "It repeats itself." }];
  await commitStory(target, story.step, { did: "piece", part_id, text: "No.", is_rejected: true, findings });
  const retry = (await claimStory(target, story.task_id))!;
  assert.deepEqual(
    [retry["next"]["findings"], retry["next"]["retries"], retry["next"]["draft"]],
    [findings, 1, ""],
  );
  await commitStory(target, retry, { did: "scene", part_id, text: "Yes.", rejected_text: "No again." });
  await endReading(target);
  await work(target, story.task_id, (step) => step["next"] === null && step["unrecapped"] === null);
  const [step] = await target.select("job_steps", { job_id: story.task_id, status: "running" });
  const last = await sceneId(story, 5);
  const before = (await read(story))["scenes"][4]["text"];
  await commitStory(target, step!, { did: "piece", part_id: last, text: "And on." });
  const extended = (await read(story))["scenes"][4];
  assert.equal(extended["text"], `${before}\n\nAnd on.`);
  const [totals] = await target.select("stories", { project_id: story.project_id });
  assert.equal(totals!["extra_pieces"], 1);
  const versions = (await change(story, "list_story_versions", await scenePart(story, 1)))["body"];
  assert.deepEqual(
    versions.filter(({ is_rejected }: Row) => is_rejected).map(({ text }: Row) => text),
    ["No again.", "No."],
  );
  const events = (await ofTask(target, story.user, "watch_story_task", story.task_id))["events"];
  assert.ok(events.some(({ type, body }: Row) => type === "finding" && body["rule"] === "repeats"));
  await assertSound(target);
});

test("what was read before somebody else's change is refused", async () => {
  const story = await writing(beginsScene(2));
  const scene = await scenePart(story, 1);
  const { etag } = await change(story, "read_scene", { scene_id: scene["scene_id"] });
  await change(story, "write_story_part", { ...scene, if_match: `"${etag}"`, body: { text: "One." } });
  await assert.rejects(
    change(story, "write_story_part", { ...scene, if_match: `"${etag}"`, body: { text: "Two." } }),
    refusal(412, "precondition_failed"),
  );
  await assert.rejects(
    change(story, "write_story_part", { ...scene, body: { text: " " } }),
    refusal(422, "invalid_request"),
  );
  await assert.rejects(
    change(story, "write_story_part", { part: "scene", scene_id: randomUUID(), body: { text: "x" } }),
    refusal(404, "not_found"),
  );
});

test("sessions of scenes are in no list, take no turns, and are not deleted with conversations", async () => {
  const story = await writing(beginsScene(2));
  const [session] = await target.select("sessions", { project_id: story.project_id });
  const { session_id, active_leaf_id } = session!;
  const { user } = story;
  const listed = await ask(target, user, "list_sessions", { query: { project_id: story.project_id } });
  assert.deepEqual([listed["body"], listed["total"]], [[], 0]);
  const project = await ask(target, user, "read_project", { project_id: story.project_id });
  assert.equal(project["body"]["session_count"], 0);
  for (const request of [
    () => ask(target, user, "read_session", { session_id }),
    () => ask(target, user, "update_session", { session_id, body: { title: "x" } }),
    () => ask(target, user, "delete_session", { session_id }),
    () => ask(target, user, "list_messages", { session_id, query: {} }),
    () => ask(target, user, "edit_reply", { message_id: active_leaf_id, body: { content: "x" } }),
    () => ask(target, user, "select_message", { message_id: active_leaf_id }),
    () => ask(target, user, "list_takes", { message_id: active_leaf_id }),
    () => begin(target, user, { session_id }),
    () => begin(target, user, { message_id: active_leaf_id, action: "regenerate" }),
  ]) {
    await assert.rejects(request, (error: Error) => error instanceof Refusal && error.status === 404);
  }
  assert.equal((await ask(target, user, "delete_sessions", {}))["body"]["deleted"], 0);
  assert.equal((await read(story))["scenes"][0]["state"], "written");
  const rows = await target.tryAs("authenticated", "select from public.sessions", { sub: user["subject"] });
  assert.equal(rows.length, 0);
});

test("a book has the written scenes in their order", async () => {
  const story = await writing(beginsScene(4));
  await change(story, "update_story", { body: { title: "Bees", language: "de", target_words: 2000 } });
  await change(story, "delete_scene", { scene_id: await sceneId(story, 1) });
  const { body } = await change(story, "read_story_export", {});
  assert.deepEqual([body["title"], body["language"], body["settings"]["target_words"]], ["Bees", "de", 2000]);
  assert.deepEqual(
    body["chapters"][0]["scenes"].map(({ number, title }: Row) => [number, title]),
    [
      [1, "The hive 2"],
      [2, "The hive 3"],
    ],
  );
  await assert.rejects(
    change(story, "update_story", { body: { target_words: 1.5 } }),
    refusal(422, "invalid_request"),
  );
});

test("person and workers at once: no deadlock, and the story is sound", async () => {
  const story = await writing(beginsScene(1));
  await commitStory(target, story.step, writeStep(story.step));
  const ids = (await read(story))["scenes"].map(({ scene_id }: Row) => scene_id as string);
  const acts: ((at: number) => Promise<unknown>)[] = [
    (at: number) => change(story, "delete_scene", { scene_id: ids[at % 5] }),
    (at: number) => change(story, "restore_scene", { scene_id: ids[at % 5] }),
    (at: number) => change(story, "insert_scene", { body: plan(at) }),
    (at: number) => change(story, "move_scene", { scene_id: ids[at % 5], body: { after_scene_id: null } }),
    (at: number) =>
      change(story, "write_story_part", { part: "scene", scene_id: ids[at % 5], body: { text: `Text ${at}.` } }),
    () => ofTask(target, story.user, "pause_story_task", story.task_id),
    () => ofTask(target, story.user, "resume_story_task", story.task_id),
    () => change(story, "read_story", { query: { with_text: true } }),
    async () => {
      await endReading(target);
      const step = await claimStory(target, story.task_id);
      if (step !== null) await commitStory(target, step, writeStep(step));
    },
  ];
  const results = await times(120, (at) => acts[at % acts.length]!(at));
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    assert.ok(result.reason instanceof Refusal, String(result.reason));
    assert.ok([404, 409, 422].includes(result.reason.status), String(result.reason));
  }
  await assertSound(target);
  await ofTask(target, story.user, "resume_story_task", story.task_id);
  await work(target, story.task_id);
  assert.equal((await readTask(target, story.user, story.task_id))["status"], "completed");
  await assertSound(target);
});

test("a project is deleted with its story, also while its task is worked on", async () => {
  const story = await writing(beginsScene(2));
  await ask(target, story.user, "delete_project", { project_id: story.project_id });
  await assert.rejects(commitStory(target, story.step, writeStep(story.step)), refusal(404, "not_found"));
  for (const table of ["stories", "story_parts", "story_cache", "sessions"]) {
    assert.deepEqual(await target.select(table, { project_id: story.project_id }), [], table);
  }
  assert.deepEqual(await target.select("story_versions", { owner_id: story.user.subject }), []);
  assert.deepEqual(await target.select("story_events", { job_id: story.task_id }), []);
});
