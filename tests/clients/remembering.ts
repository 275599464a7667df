// A companion's upstream with a script: it answers everything, and its findings in the user's messages
// are those that its test assigns to their sentences.
import type { Message, Reply, ScriptedModel } from "./scripted_model.ts";

export interface Found {
  text: string;
  quote: string;
  type?: string;
  when?: string;
  /** The text of the memory that it replaces. */
  replaces?: string;
}

/** Extractors' prompts end with the user's new messages. */
const newTextOf = (messages: Message[]): string =>
  messages.at(-1)!.content.split("\nThe user's NEW MESSAGES:\n")[1] ?? "";
const isSummary = (messages: Message[]): boolean =>
  messages.at(-1)!.content.startsWith("The notes so far:");

export class Remembering {
  /** The prompts of users, in order. */
  readonly prompts: Message[][] = [];
  /** The new messages that it has read. */
  readonly read: string[] = [];
  /** Asked for summaries. */
  readonly summarised: string[] = [];
  summary = (_question: string): string => "They have talked.";
  beforeReading: () => Promise<void> = async () => {};
  readonly #found = new Map<string, Found[]>();
  readonly #forgotten = new Map<string, { memory: string; quote: string }[]>();

  /** From now on it answers all unscripted prompts. */
  constructor(model: ScriptedModel) {
    model.scriptOthers((reply) => this.#answer(reply));
  }

  /** Assigns findings to a sentence, wherever it occurs. */
  knows(sentence: string, ...found: Found[]): void {
    this.#found.set(sentence, found);
  }

  forgets(sentence: string, memory: string): void {
    this.#forgotten.set(sentence, [{ memory, quote: sentence }]);
  }

  async #answer(reply: Reply): Promise<void> {
    const { messages } = reply.request;
    const text = newTextOf(messages);
    const question = messages.at(-1)!.content;
    if (text !== "") {
      this.read.push(text);
      await this.beforeReading();
      if (reply.isClosed) return;
      const inText = <T>(known: Map<string, T[]>): T[] =>
        [...known].filter(([sentence]) => text.includes(sentence)).flatMap(([, found]) => found);
      // Every answer contains something that nobody said, and something that only the companion said.
      const memories = [
        { text: "The user owns a castle.", quote: "I own a castle" },
        { text: "The companion's name is Mara.", quote: "I am Mara" },
        ...inText(this.#found),
      ].map((found) => ({ type: "user_fact", when: "", replaces: "", ...found }));
      reply.text(JSON.stringify({ memories, forget: inText(this.#forgotten) }));
    } else if (isSummary(messages)) {
      this.summarised.push(question);
      reply.text(this.summary(question));
    } else {
      this.prompts.push(messages);
      reply.text("I see. I am Mara.");
    }
    reply.finish();
  }
}
