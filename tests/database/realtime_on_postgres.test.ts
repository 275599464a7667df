import { after, before, test } from "node:test";
import { describeRealtime } from "./realtime_behaviour.ts";
import { describeRealtimeEvents } from "./realtime_event_behaviour.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeRealtime(() => target);
describeRealtimeEvents(() => target);

test("after all of that every conversation is sound", () => assertSound(target));
