// A model of stories with a script: it plans, writes and sums up whatever it is asked to, in as many words
// as its test says, and misbehaves as its test says.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { isExtraction, NOTHING_FOUND } from "./extractor.ts";
import type { Message, Reply, ScriptedModel } from "./scripted_model.ts";
import { Dice, nameOf, prose, wordsOf } from "./story_prose.ts";

export type Step =
  | "premise" | "chapters" | "outline" | "prose" | "recap" | "ideas" | "setup" | "extraction";

export interface Asked {
  step: Step;
  /** The whole request as one text: the same for the same request. */
  prompt: string;
  bytes: number;
  /** For prose: the title of the scene, and the requested number of words. */
  title: string;
  words: number;
  /** Whether something of the scene was there already. */
  goesOn: boolean;
  reply: Reply;
  /** The expected answer. */
  answer: string;
}

/** The bounds that shared/story/prompt.hpp states, at four bytes a token. */
const PROMPT_BYTES = (8_000 + 1_000) * 4;
const PIECES_OF_ANSWER = 8;

/** How much is written, as a multiple of the requested length. */
export type Factor = number | "random";

export class Storyteller {
  /** All that it was asked, in the order of asking. */
  readonly asked: Asked[] = [];
  factorOf: (asked: Asked) => Factor = () => 1;
  /** Between the pieces of an answer. */
  paceMs = 0;
  scenesOfOutline = 10;
  /** May change an answer, or answer by itself: then it returns undefined. */
  misbehave: (asked: Asked) => string | undefined | Promise<string | undefined> = ({ answer }) => answer;
  /** Called when half of an answer has been sent. */
  atHalf: (asked: Asked) => void | Promise<void> = () => {};
  /** Called when an answer has been sent. */
  atEnd: (asked: Asked) => void = () => {};
  /** Unscripted requests that do not belong to a story. */
  otherwise: (reply: Reply) => void | Promise<void> = (reply) => reply.refuse(500, "{}");

  /** From now on it answers all unscripted requests. */
  constructor(model: ScriptedModel) {
    model.scriptOthers((reply) => this.#answer(reply));
  }

  count(step: Step): number {
    return this.asked.filter((one) => one.step === step).length;
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { step } of this.asked) counts[step] = (counts[step] ?? 0) + 1;
    return counts;
  }

  /** How often each request of a story's own steps was made. */
  repetitions(): number[] {
    const times = new Map<string, number>();
    for (const { step, prompt } of this.asked) {
      if (step !== "extraction") times.set(prompt, (times.get(prompt) ?? 0) + 1);
    }
    return [...times.values()];
  }

  /** The largest prompt of each step, which must be within the stated budget. */
  largestPrompts(): Record<string, number> {
    const largest: Record<string, number> = {};
    for (const { step, bytes } of this.asked) largest[step] = Math.max(largest[step] ?? 0, bytes);
    for (const [step, bytes] of Object.entries(largest)) {
      if (step !== "extraction") assert.ok(bytes <= PROMPT_BYTES, `${step}: a prompt of ${bytes} bytes`);
    }
    return largest;
  }

  async #answer(reply: Reply): Promise<void> {
    const { messages } = reply.request;
    const step = stepOf(reply);
    if (step === undefined) return this.otherwise(reply);
    const question = messages.find(({ role }) => role === "user")!.content;
    const prompt = messages.map(({ role, content }) => `${role}: ${content}`).join("\n");
    const asked: Asked = {
      step,
      prompt,
      bytes: Buffer.byteLength(messages.map(({ content }) => content).join("")),
      title: step === "prose" ? sceneOf(question).title : "",
      words: step === "prose" ? wordsAskedFor(question) : 0,
      goesOn: section(question, "TEXT OF THIS SCENE SO FAR") !== "",
      reply,
      answer: "",
    };
    asked.answer = this.#write(asked, question, messages);
    this.asked.push(asked);
    const answer = await this.misbehave(asked);
    if (answer === undefined || reply.isClosed) return;
    await this.tell(asked, answer);
  }

  /** Sends an answer in pieces, and ends it. */
  async tell(asked: Asked, answer: string): Promise<void> {
    const { reply } = asked;
    const size = Math.max(Math.ceil(answer.length / PIECES_OF_ANSWER), 1);
    for (let at = 0; at < answer.length; at += size) {
      if (at > 0 && this.paceMs > 0) await delay(this.paceMs);
      if (at >= answer.length / 2 && at < answer.length / 2 + size) await this.atHalf(asked);
      if (reply.isClosed) return;
      reply.text(answer.slice(at, at + size));
    }
    reply.finish(Math.ceil(asked.bytes / 4), Math.ceil(answer.length / 4));
    this.atEnd(asked);
  }

  #write(asked: Asked, question: string, messages: Message[]): string {
    const story = nameOf(section(question, "PREMISE") || section(question, "THE STORY"));
    switch (asked.step) {
      case "premise":
        return `Mara must bring the ${nameOf(question)} home, but the sea stands in the way.`;
      case "chapters": {
        const [, count] = /exactly (\d+) chapters/.exec(messages[0]!.content)!;
        const chapters = Array.from({ length: Number(count) }, (_, at) => plan(`${story}, part ${at + 1}`, at + 1));
        return JSON.stringify({ title: `The ${story}`, chapters });
      }
      case "outline": {
        const of = section(question, "THIS CHAPTER").split("\n")[0] || story;
        const scenes = Array.from({ length: this.scenesOfOutline }, (_, at) => plan(`${of}, ${at + 1}`, at + 1));
        return JSON.stringify({ scenes });
      }
      case "prose": {
        const { title, events } = sceneOf(question);
        const told = asked.goesOn ? [] : events;
        return prose(`${title} ${wordsOf(question)} ${question}`, this.#length(asked), told);
      }
      case "recap":
        return `Mara came further. ${nameOf(question)} was found, and the way goes on.`;
      case "ideas":
        return JSON.stringify({ ideas: [1, 2, 3].map((at) => idea(`${question} ${at}`)) });
      case "setup":
        return JSON.stringify(SETUP);
      case "extraction":
        return NOTHING_FOUND;
    }
  }

  #length(asked: Asked): number {
    const { words, prompt } = asked;
    const factorOf = this.factorOf(asked);
    const factor = factorOf === "random" ? 0.3 + new Dice(prompt).below(1_701) / 1_000 : factorOf;
    return Math.max(Math.round(words * factor), 1);
  }
}

const SETUP = {
  persona: "Bestselling Novelist",
  story_setting: "An island of beekeepers",
  character_input: "Mara, a keeper of bees",
  plot_elements: "A queen is lost",
  writing_style: "Narrative",
  story_tone: "Mysterious",
  narrative_pov: "Third Person Limited",
  audience_age_group: "Adults",
  content_rating: "PG",
  ending_preference: "Happy",
  story_length: "Short",
  title: "The Lost Queen",
};

const idea = (seed: string) => ({
  title: `The ${nameOf(`${seed} title`)}`,
  idea: `Mara looks for the ${nameOf(seed)}. She finds more than she has lost.`,
  whats_new: `It has the ${nameOf(`${seed} new`)}.`,
});

/** A plan whose title and events are in no other one. */
function plan(seed: string, number: number) {
  const [first, second] = [nameOf(`${seed} first`), nameOf(`${seed} second`)];
  return {
    number,
    title: `The ${nameOf(seed)}`,
    description: `Mara wants the ${first}, and has to give the ${second} for it.`,
    characters: ["Mara", "Tobias"],
    key_events: [`Mara finds the ${first}.`, `Tobias loses the ${second}.`],
    image_prompt: `Mara holds the ${first} in the evening light.`,
    narration: `Nobody had asked for the ${second}.`,
  };
}

function stepOf(reply: Reply): Step | undefined {
  const { messages } = reply.request;
  const { response_format } = reply.request as { response_format?: { json_schema?: { name: string } } };
  const name = response_format?.json_schema?.name;
  if (name === "chapters" || name === "outline" || name === "ideas" || name === "setup") return name;
  if (isExtraction(messages)) return "extraction";
  const system = messages[0]!.content;
  if (system.startsWith("You are the author of a story")) return "prose";
  if (system.startsWith("You keep track of a story")) return "recap";
  if (system.startsWith("You think of stories")) return "premise";
  return undefined;
}

/** The text under a heading of a prompt's material. */
function section(question: string, heading: string): string {
  const [, after] = `\n\n${question}`.split(`\n\n${heading}\n`);
  return after === undefined ? "" : after.split(/\n\n[A-Z][A-Z ,]+\n/)[0]!;
}

function sceneOf(question: string): { title: string; events: string[] } {
  const scene = section(question, "THE SCENE TO WRITE");
  const title = /^\d+\. (.*)$/m.exec(scene)?.[1] ?? "";
  const events = scene.split("\nKey events:")[1]?.match(/(?<=\n- ).*/g) ?? [];
  return { title, events };
}

function wordsAskedFor(question: string): number {
  return Number(/Write about (\d+) (?:words|characters)\.\s*$/.exec(question)![1]);
}
