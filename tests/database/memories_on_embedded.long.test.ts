import { after, before } from "node:test";
import { describeMemories } from "./memory_behaviour.ts";
import { startRestTarget, type RestTarget } from "./rest_target.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

describeMemories(() => target);
