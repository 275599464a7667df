import { after, before } from "node:test";
import { startRestTarget, type RestTarget } from "./rest_target.ts";
import { describeTurns } from "./turn_behaviour.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

describeTurns(() => target);
