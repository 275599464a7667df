import type { Completions } from "../completions.ts";
import { Operation } from "../operation.ts";

// The longest time that setTimeout accepts; a longer one would end at once.
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
