// The dossier and the story that is written: each scene is read, and follows its text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertion } from "./dossiers.ts";
import { claimReading, commitReading, wakeReading } from "./extractions.ts";
import { assertSound } from "./soundness.ts";
import type { SqlTarget } from "./sql_target.ts";
import { beginStory, claimStory, commitStory, ofTask, words, work, writeStep } from "./stories.ts";
import { storyWriting } from "./story_writing.ts";
import type { Row } from "./target.ts";
import { newUser } from "./turns.ts";

export function describeStoryReadings(target: () => SqlTarget): void {
  const { writing, beginsScene, sceneId, change } = storyWriting(target);

  test("the dossier follows a scene that is deleted, restored, or gets another text", async () => {
    const story = await writing(beginsScene(2));
    await ofTask(target(), story.user, "cancel_story_task", story.task_id);
    const scene_id = await sceneId(story, 1);
    const [part] = await target().select("story_parts", { part_id: scene_id });
    const { session_id, message_id } = part!;
    const reading = async () => {
      await wakeReading(target(), { session_id });
      return claimReading(target(), { session_id });
    };
    const task = (await reading())!;
    assert.deepEqual(
      task["messages"].map((message: Row) => message["message_id"]),
      [message_id],
    );
    await commitReading(target(), task, [assertion("Ana keeps bees", { message_id })]);
    const pathEntries = async () =>
      (await target().select("dossier_assertions", { project_id: story.project_id, kind: "path" })).map(
        ({ body }) => [body["left"] ?? [], body["back"] ?? []],
      );
    await change(story, "delete_scene", { scene_id });
    assert.deepEqual(await pathEntries(), [[[message_id], []]]);
    await assertSound(target());
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
    await assertSound(target());
  });

  test("a scene waits for the reading of the one before it, but not for long", async () => {
    const user = newUser();
    const { task_id } = await beginStory(target(), user, "full");
    await work(target(), task_id, (step) => step["next"]?.["number"] === 1 && step["next"]["pieces"] === 1);
    const [step] = await target().select("job_steps", { job_id: task_id, status: "running" });
    await commitStory(target(), step!, {
      did: "scene",
      part_id: step!["payload"]["part"]["part_id"],
      text: words(50),
    });
    // Its recap needs no facts.
    const recap = (await claimStory(target(), task_id))!;
    assert.equal(recap["unrecapped"]["number"], 1);
    await commitStory(target(), recap, writeStep(recap));
    const watched = await ofTask(target(), user, "watch_story_task", task_id);
    assert.equal(await claimStory(target(), task_id), null);
    const [session] = await target().select("sessions", { session_id: watched["reading_session_id"] });
    assert.equal(session!["kind"], "story");
    await target().update("job_steps", { job_id: task_id, status: "queued" }, { run_after: "2020-01-01" });
    await target().update(
      "jobs",
      { session_id: session!["session_id"] },
      { created_at: new Date(Date.now() - 91_000).toISOString() },
    );
    assert.equal((await claimStory(target(), task_id))!["next"]["number"], 2);
  });

  test("a story goes on as soon as its scene has been read", async () => {
    const user = newUser();
    const { task_id } = await beginStory(target(), user, "full");
    const isSecond = (step: Row) => step["next"]?.["number"] === 1 && step["next"]["pieces"] === 1;
    await work(target(), task_id, isSecond);
    const [step] = await target().select("job_steps", { job_id: task_id, status: "running" });
    const part_id = step!["payload"]["part"]["part_id"];
    await commitStory(target(), step!, { did: "scene", part_id, text: words(50) });
    const recap = (await claimStory(target(), task_id))!;
    await commitStory(target(), recap, writeStep(recap));
    const { reading_session_id: session_id } = await ofTask(target(), user, "watch_story_task", task_id);
    assert.equal(await claimStory(target(), task_id), null);
    const isDue = async () => {
      const [open] = await target().select("job_steps", { job_id: task_id, status: "queued" });
      return Date.parse(open!["run_after"]) <= Date.now();
    };
    // Pretends that it was postponed for long, so that only the end of the reading makes it due.
    const later = new Date(Date.now() + 60_000).toISOString();
    await target().update("job_steps", { job_id: task_id, status: "queued" }, { run_after: later });
    const reading = (await claimReading(target(), { session_id }))!;
    assert.equal(await isDue(), false);
    await commitReading(target(), reading, []);
    assert.equal(await isDue(), true);
    assert.equal((await claimStory(target(), task_id))!["next"]["number"], 2);
  });
}
