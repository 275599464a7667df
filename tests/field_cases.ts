// Reports from the field, each with the input that showed it.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The scenario of a case in tests/fixtures/cases, such as "13-retry-of-failed-turn", with whatever it needs. */
export function readScenario(name: string): Record<string, any> {
  return JSON.parse(readFileSync(join(process.cwd(), "tests/fixtures/cases", name, "scenario.json"), "utf8"));
}

/** The last sentence of the pasted chapter of case 04, which occurs nowhere else. */
export const LAST_WORDS = "It was Pell who blew the lamp out.";

/** The message of case 04: a chapter of five scenes, 60 kB. */
export function pastedChapter(): string {
  const filler =
    "The stairs of the tower were wet, and the rope that served as a rail had frayed where every keeper's hand had held it. " +
    "Oda went up slowly, counting, because counting was the one thing that the wind could not take from her. ";
  const ends = [
    "Oda lit the lamp.",
    "Pell came by boat.",
    "They quarrelled about the ledger.",
    "The storm broke a window.",
    LAST_WORDS,
  ];
  const scenes = ends.map((end, at) => `Scene ${at + 1}\n\n${filler.repeat(52)}${end}`);
  return `Here is my chapter. What works, what does not?\n\n${scenes.join("\n\n* * *\n\n")}`;
}
