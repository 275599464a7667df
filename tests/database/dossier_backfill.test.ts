// A database that was there before dossiers were, on a real PostgreSQL.
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertion, commit, EMPTY_SNAPSHOT } from "./dossiers.ts";
import { ask } from "./lists.ts";
import { startSqlTarget } from "./sql_target.ts";
import { newUser, say } from "./turns.ts";

const MIGRATIONS = "supabase/migrations";
// What comes before was there when the first projects were.
const FIRST_NEW = "20261121000800_answers.sql";

test("projects that are there get their dossier", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "fabula-backfill-"));
  context.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, MIGRATIONS), { recursive: true });
  const files = (await readdir(MIGRATIONS)).sort();
  assert.ok(files.includes(FIRST_NEW));
  const isNew = (file: string) => file >= FIRST_NEW;
  for (const file of files.filter((name) => !isNew(name))) {
    await copyFile(join(MIGRATIONS, file), join(root, MIGRATIONS, file));
  }
  const target = await startSqlTarget(root);
  context.after(() => target.stop());

  const user = newUser();
  const { project_id, user_id } = await say(target, user, "Who?", "A fox.", { title: "The fox" });
  const [{ created_at }] = (await target.select("projects", { project_id })) as [any];
  for (const file of files.filter(isNew)) {
    await target.asOwner(await readFile(join(MIGRATIONS, file), "utf8"));
  }

  const { body } = await ask(target, user, "read_dossier", { project_id });
  assert.deepEqual(
    { ...body, created_at: Date.parse(body["created_at"]), updated_at: undefined },
    {
      project_id,
      user_id,
      title: "The fox",
      version: 0,
      snapshot_json: EMPTY_SNAPSHOT,
      created_at: created_at.getTime(),
      updated_at: undefined,
    },
  );
  assert.equal((await commit(target, project_id, 0, [assertion("red")]))["head"], 1);
  const next = await say(target, user, "And?", "A crow.");
  assert.equal((await target.select("dossiers", { project_id: next["project_id"] })).length, 1);
});
