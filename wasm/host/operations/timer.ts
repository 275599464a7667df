import type { Completions } from "../completions.ts";
import { Operation } from "../operation.ts";

// What setTimeout takes at most; a longer sleep would be no sleep at all.
const longestSleepMs = 2 ** 31 - 1;

export class SleepOperation extends Operation {
  #timer: ReturnType<typeof setTimeout> | undefined;

  start(completions: Completions, durationMs: number): void {
    this.#timer = setTimeout(
      () => completions.complete(this),
      Math.min(durationMs, longestSleepMs),
    );
  }

  override abandon(): void {
    clearTimeout(this.#timer);
  }
}
