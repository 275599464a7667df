import { after, before } from "node:test";
import { describeAccounts } from "./account_behaviour.ts";
import { describeGuests } from "./guest_behaviour.ts";
import { describeProfiles } from "./profile_behaviour.ts";
import { startRestTarget, type RestTarget } from "./rest_target.ts";
import { describeUsage } from "./usage_behaviour.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

describeProfiles(() => target);
describeAccounts(() => target);
describeGuests(() => target);
describeUsage(() => target);
