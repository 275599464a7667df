// The export and the erasure of an account with 100,000 messages and 300,000 rows of the ledger.
import { after, before } from "node:test";
import { describeErasure } from "./erasure_behaviour.ts";
import { describeLargeExport } from "./export_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeLargeExport(() => target, 100_000);
describeErasure(() => target, { messages: 100_000, turns: 200 });
