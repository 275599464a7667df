import { after, before } from "node:test";
import { describeLateWriters } from "./late_writer_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { describeWithdrawals } from "./withdrawal_behaviour.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeLateWriters(() => target);
describeWithdrawals(() => target);
