import { after, before, test } from "node:test";
import { describeMemories } from "./memory_behaviour.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeMemories(() => target);

test("after all of that every conversation is sound", () => assertSound(target));
