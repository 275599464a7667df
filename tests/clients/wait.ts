import { setTimeout as delay } from "node:timers/promises";

const LONGEST_WAIT_MS = 20_000;
const GAP_MS = 10;

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
    if (performance.now() - beganMs > longest_ms) {
      throw new Error(`${what}: not within ${longest_ms} ms`);
    }
    await delay(GAP_MS);
  }
}

/** A promise and the way to fulfil it: what a script waits for until its test says so. */
export function makeGate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
