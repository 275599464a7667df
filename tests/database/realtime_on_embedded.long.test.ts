import { after, before } from "node:test";
import { describeRealtime } from "./realtime_behaviour.ts";
import { describeRealtimeEvents } from "./realtime_event_behaviour.ts";
import { startRestTarget, type RestTarget } from "./rest_target.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

describeRealtime(() => target);
describeRealtimeEvents(() => target);
