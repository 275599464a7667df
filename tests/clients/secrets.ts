// Texts that must never be in a log: those that people and models have written, and credentials.

// A shorter text may be part of any word.
const SHORTEST = 8;

export class Secrets {
  readonly #texts = new Set<string>();

  add(text: string): void {
    if (text.length >= SHORTEST) this.#texts.add(text);
  }

  /** The secrets in the log, plain or escaped as JSON. */
  foundIn(lines: readonly string[]): string[] {
    const log = lines.join("\n");
    return [...this.#texts].filter((text) => {
      return log.includes(text) || log.includes(JSON.stringify(text).slice(1, -1));
    });
  }
}
