// Calls that race with each other.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { chance } from "../chance.ts";
import type { SqlTarget } from "./sql_target.ts";
import { Refusal } from "./target.ts";

export const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: count }, (_, index) => make(index)));

/** The answers, and the codes of refusals; any other failure fails the test. */
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

/** Does it after a random delay of at most this many milliseconds. */
export async function soon<T>(max_ms: number, work: () => Promise<T>): Promise<T> {
  await delay(chance() * max_ms);
  return work();
}

const LONGEST_RACE_MS = 90_000;

/**
 * Repeats a race for at least `least` rounds, until it has had every needed outcome often enough.
 * Chance decides who wins a round, and the odds depend on the machine.
 */
export async function rounds<Name extends string>(
  least: number,
  outcomes: Outcomes<Name>,
  needed: Partial<Outcomes<Name>>,
  round: () => Promise<void>,
): Promise<void> {
  const isOver = untilSeen(outcomes, needed);
  for (let done = 0; done < least || !isOver(); done += 1) await round();
  assertSeen(outcomes, needed);
}

type Outcomes<Name extends string> = Record<Name, number>;

/** Whether all has happened that is needed, or for so long not that it will not. */
export function untilSeen<Name extends string>(
  outcomes: Outcomes<Name>,
  needed: Partial<Outcomes<Name>>,
): () => boolean {
  const end = Date.now() + LONGEST_RACE_MS;
  return () => Date.now() > end || missing(outcomes, needed).length === 0;
}

export function assertSeen<Name extends string>(
  outcomes: Outcomes<Name>,
  needed: Partial<Outcomes<Name>>,
): void {
  console.log(outcomes);
  assert.deepEqual(missing(outcomes, needed), [], JSON.stringify(outcomes));
}

const missing = <Name extends string>(outcomes: Outcomes<Name>, needed: Partial<Outcomes<Name>>) =>
  (Object.keys(needed) as Name[]).filter((name) => outcomes[name] < needed[name]!);

/** Whether some transaction is in pg_sleep, which a test makes it call to hold its locks. */
export async function isAsleep(target: SqlTarget): Promise<boolean> {
  const sleeping = "select from pg_stat_activity where wait_event = 'PgSleep'";
  return (await target.asOwner(sleeping)).length > 0;
}

export async function untilAsleep(target: SqlTarget): Promise<void> {
  while (!(await isAsleep(target))) await delay(10);
}
