import { after, before } from "node:test";
import { describeLateWriters } from "./late_writer_behaviour.ts";
import { startRestTarget, type RestTarget } from "./rest_target.ts";
import { describeWithdrawals } from "./withdrawal_behaviour.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

describeLateWriters(() => target);
describeWithdrawals(() => target);
