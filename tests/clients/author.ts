// A model that writes stories as requested: it recognises the kind of request by the system prompt.
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "./backend.ts";
import type { Message, Reply, ScriptedModel } from "./scripted_model.ts";

const NOBODY = { characters: [], locations: [], objects: [], themes: [], plot_points: [], open_questions: [] };
const NOTHING_FOUND = { ...NOBODY, story: [], renames: [], retractions: [] };

const SUBJECTS = ["the keeper", "her sister", "the boatman", "a stranger", "the old dog", "the captain"];
const VERBS = ["looked at", "walked to", "thought of", "listened to", "came back to", "turned from"];
const THINGS = ["the lamp", "the water", "the open door", "the letter", "the harbour", "the stairs", "the fog"];
const ENDS = ["and said nothing", "as if it were new", "while the night went on", "and was afraid", "with a smile"];

/** English sentences, no two of which are alike, of about so many words. */
export function prose(words: number, seed: number): string {
  let state = seed * 7919 + 17;
  const pick = (list: readonly string[]) => {
    state = (state * 48271) % 2147483647;
    return list[state % list.length]!;
  };
  const sentences: string[] = [];
  let count = 0;
  while (count < words) {
    const mark = `${seed}-${sentences.length}`;
    const sentence = `In the hour ${mark} ${pick(SUBJECTS)} ${pick(VERBS)} ${pick(THINGS)} ${pick(ENDS)}.`;
    sentences.push(sentence);
    count += sentence.split(" ").length;
  }
  return sentences.join(" ");
}

export const OUTLINE: Row[] = [1, 2, 3, 4, 5].map((number) => ({
  number,
  title: `The ${["Light", "Boat", "Door", "Storm", "Morning"][number - 1]}`,
  description: `Mara meets the sea for the ${number}. time.`,
  characters: ["Mara"],
  key_events: [`Mara opens the gate ${number}.`],
  image_prompt: `A lighthouse at the hour ${number}, in grey light.`,
  narration: `This is what happened in the hour ${number}.`,
}));

const SETUP = {
  title: "The Door",
  persona: "Fantasy World Builder",
  story_setting: "A lighthouse by a sea that has a door.",
  character_input: "Mara, who keeps the light.",
  plot_elements: "The door in the sea opens once a year.",
  writing_style: "Narrative",
  story_tone: "Mysterious",
  narrative_pov: "Third Person Limited",
  audience_age_group: "All Ages",
  content_rating: "PG",
  ending_preference: "Happy",
  story_length: "Short",
};

export interface Author {
  /** The kinds of requests so far, in order. */
  asked: string[];
  /** Answers a premise's request in another way, while it is set. */
  misbehave: ((reply: Reply) => void) | undefined;
}

/** Answers everything that is not scripted; `gap_ms` between the parts of a scene. */
export function scriptAuthor(model: ScriptedModel, gap_ms = 0): Author {
  const author: Author = { asked: [], misbehave: undefined };
  model.scriptOthers(async (reply: Reply) => {
    const messages = reply.request.messages as Message[];
    const system = messages[0]!.content;
    const question = messages.at(-1)!.content;
    const answer = (text: string) => {
      reply.text(text);
      reply.finish();
    };
    const note = (what: string) => author.asked.push(what);
    if ("prompt" in reply.request) {
      note("picture");
      return reply.tellPicture();
    }
    if (system.includes("You think of stories")) {
      note("premise");
      if (author.misbehave) return author.misbehave(reply);
      return answer("Mara, who keeps the light, finds a door in the sea and must choose whether to open it.");
    }
    if (system.includes("You plan")) {
      note("outline");
      return answer(JSON.stringify({ scenes: OUTLINE }));
    }
    if (system.includes("You keep track of a story")) {
      note("recap");
      return answer("Mara opened the gate and went on.");
    }
    if (system.includes("better versions of the idea")) {
      note("ideas");
      const ideas = ["one", "two", "three"].map((name) => ({
        title: `The Door, version ${name}`,
        idea: `Mara finds a door in the sea, and behind it there is the year ${name}.`,
        whats_new: `It adds the year ${name}.`,
      }));
      return answer(JSON.stringify({ ideas }));
    }
    if (system.includes("You set up a story")) {
      note("setup");
      return answer(JSON.stringify(SETUP));
    }
    if (system.includes("You are the author of a story")) {
      const words = Number(/Write about (\d+)/.exec(question)?.[1] ?? 100);
      const events = [...question.matchAll(/Mara opens the gate \d+\./g)].map(([event]) => event);
      note("prose");
      const text = prose(words, author.asked.length);
      if (events.length > 0) reply.text(`${events.at(-1)} `);
      for (const sentence of text.match(/[^.]+\. ?/g) ?? []) {
        if (reply.isClosed) return;
        reply.text(sentence);
        if (gap_ms > 0) await delay(gap_ms);
      }
      return reply.finish();
    }
    note("other");
    return answer(JSON.stringify(NOTHING_FOUND));
  });
  return author;
}
