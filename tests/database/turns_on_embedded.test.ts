import { after, before } from "node:test";
import { describeBegin } from "./begin_behaviour.ts";
import { startRestTarget, type RestTarget } from "./rest_target.ts";
import { describeSaving } from "./saving_behaviour.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

describeBegin(() => target);
describeSaving(() => target);
