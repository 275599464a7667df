import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { describeTurns } from "./turn_behaviour.ts";
import { begin, newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeTurns(() => target);

test("history has at most 200 messages", async () => {
  const user = newUser();
  let session_id: unknown = null;
  for (let turn = 0; turn < 101; turn += 1) {
    session_id = (await say(target, user, `${turn}?`, `${turn}.`, { session_id }))["session_id"];
  }
  const { history } = await begin(target, user, { session_id, history_budget_tokens: 1_000_000 });
  assert.equal(history.length, 200);
  assert.deepEqual([history[0].content, history[199].content], ["1?", "100."]);
});
