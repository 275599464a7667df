// How long to wait before a part that has ended is restarted: not at all the first time, then longer and
// longer while it ends soon after its start.

/** A part that has run this long works: a later end has a new cause. */
const LONG_RUN_MS = 30_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** This many ends in a row are no accident: the developer must see the part's last output. */
const TOLD_IN_FULL = 3;

export interface Wait {
  wait_ms: number;
  /** Whether this is the moment to show the part's last output. */
  isToldInFull: boolean;
}

export class RestartWaits {
  #endsInARow = 0;
  #startedAt_ms: number;

  constructor(now_ms: number) {
    this.#startedAt_ms = now_ms;
  }

  /** The part is running from now on. */
  started(now_ms: number): void {
    this.#startedAt_ms = now_ms;
  }

  /** The part has ended, or has failed to start. */
  ended(now_ms: number): Wait {
    if (now_ms - this.#startedAt_ms >= LONG_RUN_MS) this.#endsInARow = 0;
    this.#startedAt_ms = now_ms;
    const before = this.#endsInARow++;
    const wait_ms = before === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (before - 1), LONGEST_WAIT_MS);
    return { wait_ms, isToldInFull: this.#endsInARow === TOLD_IN_FULL };
  }
}
