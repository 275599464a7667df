// Waits until the functions report that they can serve.
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "./part.ts";

const DEADLINE_MS = 60_000;
const GAP_MS = 50;

/** Resolves when the URL answers 200; rejects with the last answer after a minute. */
export async function untilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  let last = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS) });
      const body = await response.text();
      if (response.ok) return;
      last = `${response.status} ${body.slice(0, 500)}`;
    } catch (error) {
      last = (error as Error).message;
    }
    await sleep(GAP_MS);
  }
  throw new StartError(`The functions started but do not serve. ${url} says: ${last}`);
}
