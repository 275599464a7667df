// Tasks that draw pictures of scenes: their share of the plan, their stored results, and that no file is
// forgotten.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import {
  beginPictures,
  beginStory,
  claimPicture,
  commitPicture,
  drawPictures,
  ofStory,
  ofTask,
  plan,
  plans,
  readTask,
} from "./stories.ts";
import type { Row } from "./target.ts";
import { newUser, refusal, type Principal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** A story of five scenes, of which the last has no image_prompt. */
async function outlined(user: Principal): Promise<{ project_id: string; scenes: Row[] }> {
  const outline = [...plans(4), plan(5, { image_prompt: " " })];
  const { project_id, task_id } = await beginStory(target, user, "full", { given: { premise: "Bees.", outline } });
  await ofTask(target, user, "cancel_story_task", task_id);
  const { scenes } = (await ofStory(target, user, "read_story", project_id))["body"];
  return { project_id, scenes };
}

const begin = (user: Principal, project_id: string, more: Row = {}) => beginPictures(target, user, project_id, more);
const claim = (task_id: string) => claimPicture(target, task_id);
const commit = (step: Row) => commitPicture(target, step);
const list = async (user: Principal, project_id: string): Promise<Row[]> =>
  (await ofStory(target, user, "list_story_illustrations", project_id))["illustrations"];
/** The paths of files that are to be deleted, now or later. */
const deletions = async (project_id: string): Promise<string[]> => {
  const sql = "select object_path from public.deleted_illustrations where object_path like $1";
  return (await target.asOwner(sql, [`${project_id}/%`])).map((row) => row["object_path"]);
};

const drawAll = (task_id: string) => drawPictures(target, task_id);

test("all scenes with an image_prompt are drawn once, in the user's plan and ledger", async () => {
  const user = newUser();
  const { project_id, scenes } = await outlined(user);
  const begun = await begin(user, project_id, { style: "woodcut" });
  assert.equal(begun["status"], 202);
  const { task_id } = begun["body"];
  assert.equal(begun["body"]["status"], "pending");
  const usage = async () => (await target.call("read_usage", { principal: user }))["body"];
  assert.equal((await usage())["reserved"]["images"], 4);

  await assert.rejects(begin(user, project_id), refusal(409, "story_in_progress"));
  const steps = await drawAll(task_id);
  assert.deepEqual(steps.map((step) => step["scene_id"]), scenes.slice(0, 4).map((scene) => scene["scene_id"]));
  assert.equal(steps[0]!["image_prompt"], "A hive at dusk\n\nStyle: woodcut");
  assert.equal(steps[0]!["object_path"], `${project_id}/${scenes[0]!["scene_id"]}-${task_id}`);

  const task = await readTask(target, user, task_id);
  assert.deepEqual([task["route"], task["status"], task["progress"]], ["illustrations", "completed", 100]);
  assert.deepEqual(task["result"]["illustrations"].map((one: Row) => one["number"]), [1, 2, 3, 4]);
  const pictures = await list(user, project_id);
  assert.deepEqual(pictures.map((one) => one["object_path"]), steps.map((step) => step["object_path"]));
  const { usage: used, reserved } = await usage();
  assert.deepEqual([used["images"], used["calls"], reserved["images"]], [4, 4, 0]);
  assert.equal((await target.select("model_calls", { job_id: task_id })).length, 4);
  assert.deepEqual(await deletions(project_id), []);
  await assert.rejects(begin(user, project_id), refusal(422, "invalid_request"));
});

test("a scene that is drawn again has one picture, and the file of the other is deleted", async () => {
  const user = newUser();
  const { project_id, scenes } = await outlined(user);
  const scene_id = scenes[1]!["scene_id"];
  const paths: string[] = [];
  for (const _ of [1, 2]) {
    const { task_id } = (await begin(user, project_id, { scene_ids: [scene_id] }))["body"];
    paths.push(...(await drawAll(task_id)).map((step) => step["object_path"]));
  }
  assert.equal(new Set(paths).size, 2);
  assert.deepEqual((await list(user, project_id)).map((one) => one["object_path"]), [paths[1]]);
  assert.deepEqual(await deletions(project_id), [paths[0]]);

  await ofStory(target, user, "delete_story_illustration", project_id, { scene_id });
  assert.deepEqual(await list(user, project_id), []);
  assert.deepEqual((await deletions(project_id)).sort(), [...paths].sort());
  await assert.rejects(ofStory(target, user, "delete_story_illustration", project_id, { scene_id }), refusal(404, "not_found"));
  const taken = (await target.call("take_deleted_snapshots", { limit: 100 }))["illustrations"];
  for (const path of paths) assert.ok(taken.includes(path));
  await target.call("forget_deleted_snapshots", { ids: [], illustrations: paths });
  assert.deepEqual(await deletions(project_id), []);
});

test("files of a deleted project, and of a worker that died, are to be deleted", async () => {
  const user = newUser();
  const { project_id, scenes } = await outlined(user);
  const { task_id } = (await begin(user, project_id))["body"];
  await commit((await claim(task_id))!);
  const dead = (await claim(task_id))!;
  assert.equal(dead["scene_id"], scenes[1]!["scene_id"]);
  await target.call("delete_project", { principal: user, project_id });
  assert.equal((await deletions(project_id)).length, 2);
  const rows = await target.select("deleted_illustrations", { object_path: dead["object_path"] });
  assert.ok(new Date(rows[0]!["try_after"]).getTime() > Date.now() + 30 * 60_000);
  await assert.rejects(commit(dead), refusal(404, "not_found"));
  const { usage, reserved } = (await target.call("read_usage", { principal: user }))["body"];
  assert.deepEqual([usage["images"], reserved["images"]], [1, 0]);
});

test("what cannot be drawn is refused, and nothing is begun", async () => {
  const user = newUser();
  const { project_id, scenes } = await outlined(user);
  const other = await outlined(newUser());
  await assert.rejects(begin(user, other.project_id), refusal(404, "not_found"));
  for (const scene_id of [scenes[4]!["scene_id"], other.scenes[0]!["scene_id"]]) {
    await assert.rejects(begin(user, project_id, { scene_ids: [scenes[0]!["scene_id"], scene_id] }), refusal(422, "invalid_request"));
  }
  await target.asOwner("update public.plans set images_a_month = 3 where name = 'free'");
  try {
    await assert.rejects(begin(user, project_id), refusal(429, "plan_exceeded"));
    assert.deepEqual(await target.select("jobs", { project_id, kind: "story_illustrations" }), []);
    const { task_id } = (await begin(user, project_id, { scene_ids: [scenes[0]!["scene_id"]] }))["body"];
    await ofTask(target, user, "cancel_story_task", task_id);
    assert.equal(await claim(task_id), null);
    assert.equal((await readTask(target, user, task_id))["status"], "cancelled");
  } finally {
    await target.asOwner("update public.plans set images_a_month = 20 where name = 'free'");
  }
});
