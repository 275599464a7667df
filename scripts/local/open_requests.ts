// Counts the requests that each part is answering, so that a part can be ended when it serves none.
import { setTimeout as sleep } from "node:timers/promises";

const GAP_MS = 100;

export class OpenRequests {
  readonly #counts = new Map<string, number>();

  /** Counts a request to the URL until the returned function is called. */
  add(url: string): () => void {
    this.#count(url, 1);
    return () => this.#count(url, -1);
  }

  /** Resolves when none is left, or at the deadline. */
  async untilNone(url: string, deadline_ms: number): Promise<void> {
    for (let waited_ms = 0; waited_ms < deadline_ms; waited_ms += GAP_MS) {
      if (!this.#counts.has(url)) return;
      await sleep(GAP_MS, undefined, { ref: false });
    }
  }

  #count(url: string, change: number): void {
    const count = (this.#counts.get(url) ?? 0) + change;
    if (count > 0) this.#counts.set(url, count);
    else this.#counts.delete(url);
  }
}
