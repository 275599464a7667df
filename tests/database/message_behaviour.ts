// Actions on existing messages, in either database.
import { describeActions } from "./action_behaviour.ts";
import { describeActionRefusals } from "./action_refusal_behaviour.ts";
import { describeAttachments } from "./attachment_behaviour.ts";
import { describeContexts } from "./context_behaviour.ts";
import { describeIdempotency } from "./idempotency_behaviour.ts";
import { describeReading } from "./reading_behaviour.ts";
import { describeTakes } from "./take_behaviour.ts";
import type { Target } from "./target.ts";

/** Defines the tests; the target is asked for when they run. */
export function describeMessages(target: () => Target): void {
  describeActions(target);
  describeActionRefusals(target);
  describeIdempotency(target);
  describeReading(target);
  describeTakes(target);
  describeContexts(target);
  describeAttachments(target);
}
