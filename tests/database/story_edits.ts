// A person's changes of a story stay, whatever the task that writes it does meanwhile.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { assertSound } from "./soundness.ts";
import type { SqlTarget } from "./sql_target.ts";
import { beginStory, claimStory, commitStory, endReading, ofTask, plans, readTask, work, writeStep } from "./stories.ts";
import { storyWriting } from "./story_writing.ts";
import type { Row } from "./target.ts";
import { refusal } from "./turns.ts";

export function describeStoryEdits(target: () => SqlTarget): void {
  const { writing, beginsScene, read, numbersAndTitles, sceneId, change, scenePart } = storyWriting(target);

  test("what the person has written is not overwritten: a model's text is a version that is not current", async () => {
    const story = await writing((step) => step["next"]?.["number"] === 2 && step["next"]["pieces"] === 1);
    const scene = await scenePart(story, 2);
    const text = "I have written this myself.";
    const written = await change(story, "write_story_part", { ...scene, body: { text, title: "Mine" } });
    assert.deepEqual(
      [written["body"]["text"], written["body"]["title"], written["body"]["length"], written["body"]["is_edited"]],
      [text, "Mine", 5, true],
    );
    const stored = await commitStory(target(), story.step, writeStep(story.step));
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
    await work(target(), story.task_id);
    assert.equal((await read(story))["scenes"][1]["text"], text);
    assert.equal((await readTask(target(), story.user, story.task_id))["status"], "completed");

    // The person takes the model's text after all.
    const chosen = await change(story, "select_story_version", {
      ...scene,
      version: versions[0]!["version"],
    });
    assert.equal(chosen["body"]["text"], versions[0]!["text"]);
    await assertSound(target());
  });

  test("a locked scene keeps its text when it is written anew, and an unlocked one keeps the old take", async () => {
    const story = await writing(() => false);
    const scene = await scenePart(story, 3);
    const before = (await read(story))["scenes"][2]["text"];
    await change(story, "lock_story_part", scene);
    const anew = async () => {
      const { task_id } = await beginStory(target(), story.user, "scene", {
        given: { scene_id: scene["scene_id"], feedback: "Shorter." },
      });
      const steps = await work(target(), task_id, undefined, (step) => {
        const made = writeStep(step);
        return made["did"] === "scene" ? { ...made, text: "Anew." } : made;
      });
      assert.equal(steps[0]!["given"]["feedback"], "Shorter.");
      return (await readTask(target(), story.user, task_id))["result"];
    };
    const kept = await anew();
    assert.deepEqual([kept["text"], kept["is_current"], kept["scene"]["text"]], ["Anew.", false, before]);
    await change(story, "unlock_story_part", scene);
    const used = await anew();
    assert.deepEqual([used["text"], used["is_current"], used["scene"]["text"]], ["Anew.", true, "Anew."]);
    const versions = (await change(story, "list_story_versions", scene))["body"] as Row[];
    assert.equal(versions.filter(({ text }) => text === before).length, 1);
    assert.equal((await read(story))["scenes"].length, 5);
    await assertSound(target());
  });

  test("a locked or edited premise, and a locked outline, stay", async () => {
    const story = await writing((step) => step["totals"]["scenes"] > 0);
    await ofTask(target(), story.user, "cancel_story_task", story.task_id);
    const premise = { part: "premise" };
    await change(story, "write_story_part", { ...premise, body: { text: "Mine." } });
    const { task_id } = await beginStory(target(), story.user, "premise", { project_id: story.project_id });
    const step = (await claimStory(target(), task_id))!;
    assert.deepEqual(step["premise"], { text: "Mine.", is_locked: true });
    const stored = await commitStory(target(), step, { did: "premise", text: "Another.", is_last_step: true });
    assert.equal(stored["is_current"], false);
    assert.equal((await read(story))["premise"]["text"], "Mine.");
    assert.equal((await readTask(target(), story.user, task_id))["result"]["premise"], "Another.");

    await change(story, "lock_story_part", { part: "outline" });
    const refine = await beginStory(target(), story.user, "refine", {
      project_id: story.project_id,
      given: { feedback: "Darker." },
    });
    const refining = (await claimStory(target(), refine["task_id"]))!;
    assert.equal(refining["outline"]["is_locked"], true);
    const before = numbersAndTitles(await read(story));
    const refined = { did: "outline", scenes: plans(8).map((one) => ({ ...one, title: "Dark" })), is_last_step: true };
    assert.equal((await commitStory(target(), refining, refined))["is_current"], false);
    assert.deepEqual(numbersAndTitles(await read(story)), before);
    await assertSound(target());
  });

  test("a refined outline changes what is not written, and keeps the scenes' ids", async () => {
    const story = await writing(beginsScene(3));
    await ofTask(target(), story.user, "cancel_story_task", story.task_id);
    const ids = (await read(story))["scenes"].map(({ scene_id }: Row) => scene_id);
    const { task_id } = await beginStory(target(), story.user, "refine", {
      project_id: story.project_id,
      given: { feedback: "Longer." },
    });
    await endReading(target());
    const step = (await claimStory(target(), task_id))!;
    const scenes = plans(7).map((one) => ({ ...one, title: `New ${one["number"]}` }));
    await commitStory(target(), step, { did: "outline", scenes, is_last_step: true });
    const refined = await read(story);
    assert.deepEqual(
      numbersAndTitles(refined).map(([, title]: [number, string]) => title),
      ["The hive 1", "The hive 2", "New 3", "New 4", "New 5", "New 6", "New 7"],
    );
    assert.deepEqual(
      refined["scenes"].slice(0, 5).map(({ scene_id }: Row) => scene_id),
      ids,
    );
    const shorter = await beginStory(target(), story.user, "refine", {
      project_id: story.project_id,
      given: { feedback: "Shorter." },
    });
    const second = (await claimStory(target(), shorter["task_id"]))!;
    await commitStory(target(), second, { did: "outline", scenes: plans(5), is_last_step: true });
    const short = await read(story);
    assert.equal(short["scenes"].length, 5);
    assert.equal(short["deleted_scenes"].length, 2);
    await assertSound(target());
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
    await commitStory(target(), story.step, writeStep(story.step));
    assert.equal((await read(story))["scenes"][4]["state"], "written");
    await endReading(target());
    const steps = await work(target(), story.task_id);
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
    await assertSound(target());
  });

  test("a scene that is deleted while it is written keeps its text for later", async () => {
    const story = await writing((step) => step["next"]?.["number"] === 2 && step["next"]["pieces"] === 1);
    const scene_id = await sceneId(story, 2);
    await change(story, "delete_scene", { scene_id });
    await commitStory(target(), story.step, writeStep(story.step));
    await assertSound(target());
    await work(target(), story.task_id);
    assert.equal((await readTask(target(), story.user, story.task_id))["status"], "completed");
    assert.equal((await read(story))["scenes_written"], 4);
    const restored = await change(story, "restore_scene", { scene_id });
    assert.deepEqual([restored["body"]["state"], restored["body"]["number"]], ["written", 2]);
    assert.ok(restored["body"]["text"].length > 0);
    await assertSound(target());
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
}
