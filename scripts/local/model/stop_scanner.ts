// Ends a text where one of the stop texts begins, although it arrives in pieces.

export class StopScanner {
  readonly #stops: readonly string[];
  #held = "";
  #stopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** A stop text has been found: no more text follows. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Takes a piece; returns the text to show, and keeps back a possible beginning of a stop text.
   */
  push(piece: string): string {
    if (this.#stopped) return "";
    const text = this.#held + piece;
    const ends = this.#stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
    if (ends.length > 0) {
      this.#stopped = true;
      this.#held = "";
      return text.slice(0, Math.min(...ends));
    }
    const heldLength = Math.max(0, ...this.#stops.map((stop) => overlap(text, stop)));
    this.#held = text.slice(text.length - heldLength);
    return text.slice(0, text.length - heldLength);
  }

  /** Returns the kept text, at the end. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}

// The length of the longest end of `text` with which a stop text begins.
function overlap(text: string, stop: string): number {
  let length = Math.min(text.length, stop.length - 1);
  while (length > 0 && !stop.startsWith(text.slice(text.length - length))) length--;
  return length;
}
