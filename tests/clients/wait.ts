import { setTimeout as delay } from "node:timers/promises";

const LONGEST_WAIT_MS = 20_000;
const SHORTEST_GAP_MS = 10;
/** Each check calls a database, so frequent checks would slow down long work. */
const LONGEST_GAP_MS = 250;

/** Looks again and again until there is a value that is neither undefined nor false. */
export async function until<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  longest_ms = LONGEST_WAIT_MS,
): Promise<Exclude<Value, undefined | false>> {
  const beganMs = performance.now();
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value as Exclude<Value, undefined | false>;
    const passed_ms = performance.now() - beganMs;
    if (passed_ms > longest_ms) throw new Error(`${what}: not within ${longest_ms} ms`);
    await delay(Math.min(Math.max(passed_ms / 20, SHORTEST_GAP_MS), LONGEST_GAP_MS));
  }
}

/** A promise and the function that fulfils it: a script waits for it until its test continues. */
export function makeGate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
