// What must never stand in a log: what people and models have written, and what proves who they are.

// A shorter text may be part of any word.
const SHORTEST = 8;

export class Secrets {
  readonly #texts = new Set<string>();

  add(text: string): void {
    if (text.length >= SHORTEST) this.#texts.add(text);
  }

  /** The secrets that stand in the log, as they are or as JSON writes them. */
  foundIn(lines: readonly string[]): string[] {
    const log = lines.join("\n");
    return [...this.#texts].filter((text) => {
      return log.includes(text) || log.includes(JSON.stringify(text).slice(1, -1));
    });
  }
}
