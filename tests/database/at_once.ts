// Calls that race with each other.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { SqlTarget } from "./sql_target.ts";
import { Refusal } from "./target.ts";

export const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: count }, (_, index) => make(index)));

/** What was answered, and the codes of refusals; whatever else went wrong fails the test. */
export function split<T>(results: PromiseSettledResult<T>[]): { answers: T[]; refusals: string[] } {
  const answers = results.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : [],
  );
  const refusals = results.flatMap((result) => {
    if (result.status === "fulfilled") return [];
    assert.ok(result.reason instanceof Refusal, String(result.reason));
    return [result.reason.code];
  });
  return { answers, refusals };
}

/** Does it after a while of at most so many milliseconds. */
export async function soon<T>(max_ms: number, work: () => Promise<T>): Promise<T> {
  await delay(Math.random() * max_ms);
  return work();
}

/** Whether some transaction is in pg_sleep, which a test has made it call to hold what it has done. */
export async function isAsleep(target: SqlTarget): Promise<boolean> {
  const sleeping = "select from pg_stat_activity where wait_event = 'PgSleep'";
  return (await target.asOwner(sleeping)).length > 0;
}

export async function untilAsleep(target: SqlTarget): Promise<void> {
  while (!(await isAsleep(target))) await delay(10);
}
