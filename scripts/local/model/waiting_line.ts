// The model writes one reply at a time: on few cores, two at once would both be slower than one
// after the other. Further requests wait in a queue of limited length. Requests in the background
// have their own queue, and pause while a reply is written.
import { ApiError } from "./errors.ts";

const RETRY_AFTER_SECONDS = 5;

export class WaitingLine {
  readonly #longest: number;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  readonly #resting: (() => void)[] = [];

  /** `longest` is how many may wait, not counting the one being served. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /**
   * Resolves when it is the caller's turn, with a function that ends the turn. Throws `ApiError`
   * 429 when the line is full, the signal's reason when it aborts while waiting.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (!this.#busy) {
      this.#busy = true;
      return () => this.#next();
    }
    if (this.#waiting.length >= this.#longest) {
      throw new ApiError({
        status: 429,
        code: "rate_limit_exceeded",
        message: `${this.#longest} requests are waiting for the local model: try again later.`,
        headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
      });
    }
    await this.#turn(signal);
    return () => this.#next();
  }

  /** Resolves when no reply is being written. */
  async idle(): Promise<void> {
    while (this.#busy) await new Promise<void>((resolve) => this.#resting.push(resolve));
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1);
        reject(signal.reason as Error);
      };
      this.#waiting.push(start);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #next(): void {
    const start = this.#waiting.shift();
    if (start) return start();
    this.#busy = false;
    for (const resume of this.#resting.splice(0)) resume();
  }
}
