import { after, before } from "node:test";
import { describeBegin } from "./begin_behaviour.ts";
import { describeSaving } from "./saving_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeBegin(() => target);
describeSaving(() => target);
