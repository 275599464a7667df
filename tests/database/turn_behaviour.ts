// The engine functions, in either database.
import { describeCallers } from "./caller_behaviour.ts";
import { describeHistory } from "./history_behaviour.ts";
import { describeInstructions } from "./instruction_behaviour.ts";
import { describeLongTexts } from "./long_text_behaviour.ts";
import { describeRunningReplies } from "./running_reply_behaviour.ts";
import { describeRunningTurns } from "./running_turn_behaviour.ts";
import { describeSaving } from "./saving_behaviour.ts";
import { describeSessions } from "./session_behaviour.ts";
import type { Target } from "./target.ts";

/** Defines the tests; the target is asked for when they run. */
export function describeTurns(target: () => Target): void {
  describeCallers(target);
  describeSessions(target);
  describeRunningTurns(target);
  describeRunningReplies(target);
  describeInstructions(target);
  describeHistory(target);
  describeLongTexts(target);
  describeSaving(target);
}
