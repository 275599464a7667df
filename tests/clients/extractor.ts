// A scripted extractor: its findings in a text are those that its test assigns to the sentences of
// it.
import type { Message, ScriptedModel } from "./scripted_model.ts";

const LISTS = [
  "characters",
  "locations",
  "objects",
  "themes",
  "plot_points",
  "open_questions",
  "story",
  "renames",
  "retractions",
] as const;
type List = (typeof LISTS)[number];
export type Found = Partial<Record<List, object[]>>;

/** An answer that follows the schema of extractors. */
export function answerOf(...found: Found[]): string {
  const answer = Object.fromEntries(
    LISTS.map((list) => [list, found.flatMap((part) => part[list] ?? [])]),
  );
  return JSON.stringify(answer);
}

export const NOTHING_FOUND = answerOf();

/** A character, each of whose facts is quoted: [field, value, quote, corrects?]. */
export function character(
  name: string,
  quote: string,
  ...facts: [field: string, value: string, quote: string, corrects?: string][]
): Found {
  const fields = facts.map(([field, value, shown, corrects = ""]) => ({
    field,
    value,
    quote: shown,
    corrects,
  }));
  return { characters: [{ name, aliases: [], quote, fields, relationships: [] }] };
}

/** Extractors' prompts end with the new text. */
const newTextOf = (messages: Message[]): string =>
  messages.at(-1)!.content.split("\nThe NEW TEXT:\n")[1] ?? "";

export const isExtraction = (messages: Message[]): boolean => newTextOf(messages) !== "";

export class Extractor {
  /** The new texts that have been asked about. */
  readonly asked: string[] = [];
  readonly #found = new Map<string, Found>();

  /** From now on all unscripted prompts are extractions. */
  constructor(model: ScriptedModel) {
    model.scriptOthers(async (reply) => {
      const { messages } = reply.request;
      if (!isExtraction(messages)) return reply.refuse(500, "{}");
      const text = newTextOf(messages);
      this.asked.push(text);
      await this.beforeAnswering();
      if (reply.isClosed) return;
      const found = [...this.#found].filter(([sentence]) => text.includes(sentence));
      // Every answer contains something that the text does not say.
      const invented = character("Nobody", "nobody has said this", ["age", "99", "is 99 years"]);
      reply.text(answerOf(invented, ...found.map(([, part]) => part)));
      reply.finish();
    });
  }

  beforeAnswering: () => Promise<void> = async () => {};

  /** Assigns findings to a sentence, wherever it occurs. */
  knows(sentence: string, found: Found): void {
    this.#found.set(sentence, found);
  }

  /** How often a sentence was sent to it. */
  timesAsked(sentence: string): number {
    return this.asked.filter((text) => text.includes(sentence)).length;
  }
}
