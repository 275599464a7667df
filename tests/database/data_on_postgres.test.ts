import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { describeData } from "./data_behaviour.ts";
import { assertion, commit, readLog } from "./dossiers.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeData(() => target);

test("what was found in a message outlives it", async () => {
  const { project_id, session_id, message_id } = await say(target, newUser(), "Who?", "A fox.");
  const found = assertion("A fox lives here.", { message_id });
  await commit(target, project_id, 0, [found]);
  await target.asOwner("delete from public.sessions where session_id = $1", [session_id]);
  const kept = { ...found, message_id: null, position: 1 };
  assert.deepEqual(await readLog(target, project_id), [kept]);
});
