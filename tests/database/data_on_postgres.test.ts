import { after, before } from "node:test";
import { describeData } from "./data_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeData(() => target);
