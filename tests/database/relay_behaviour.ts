// The relay's calls, in either database.
import { describeBotTurns } from "./bot_turn_behaviour.ts";
import { describeCancelling } from "./cancel_behaviour.ts";
import { describeConversations } from "./conversation_behaviour.ts";
import { describeMetrics } from "./metrics_behaviour.ts";
import { describeNamedStreams } from "./named_stream_behaviour.ts";
import { describeReaping } from "./reaper_behaviour.ts";
import { describeSummaries } from "./summary_behaviour.ts";
import type { Target } from "./target.ts";
import { describeTasks } from "./task_behaviour.ts";

/** Defines the tests; the target is asked for when they run. */
export function describeRelay(target: () => Target): void {
  describeConversations(target);
  describeBotTurns(target);
  describeNamedStreams(target);
  describeCancelling(target);
  describeReaping(target);
  describeMetrics(target);
  describeSummaries(target);
  describeTasks(target);
}
