// Stories, their parts and their sessions, together with the tasks that write them, on a real
// PostgreSQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { times } from "./at_once.ts";
import { ask } from "./lists.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { claimStory, commitStory, endReading, ofTask, plan, readTask, work, writeStep } from "./stories.ts";
import { describeStoryEdits } from "./story_edits.ts";
import { describeStoryReadings } from "./story_readings.ts";
import { storyWriting } from "./story_writing.ts";
import { Refusal, type Row } from "./target.ts";
import { begin, refusal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const { writing, beginsScene, read, sceneId, change, scenePart } = storyWriting(() => target);

describeStoryEdits(() => target);
describeStoryReadings(() => target);

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
