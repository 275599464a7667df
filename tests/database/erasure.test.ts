// Deleted accounts that are too large to be erased at once, on a real PostgreSQL.
import { after, before } from "node:test";
import { describeErasure } from "./erasure_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeErasure(() => target, { messages: 5_000, turns: 100 });
