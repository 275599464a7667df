// Tasks of stories on a real PostgreSQL: what a step is given, what it stores, and what the owner sees.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { beginStory, claimStory, commitStory, readTask, words, work, writeStep } from "./stories.ts";
import { newUser } from "./turns.ts";

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
