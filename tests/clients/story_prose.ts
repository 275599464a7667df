// English prose of exactly as many words as wanted, the same for the same seed and unlike that of any other.
import { createHash } from "node:crypto";

const OPENINGS = "Slowly|At dawn|Without a word|In the harbour|Later|By noon|After the rain|For a moment|Behind the wall|On the stairs|With both hands|Near the river|Before supper|Under the lamp|Against the wind|Beyond the gate".split("|");
const NAMES = "Mara|Tobias|Ines|Wendell|Odile|Casper|Lotte|Bram|Yusuf|Petra|Hamish|Noor".split("|");
const VERBS = "carried|watched|remembered|followed|opened|hid|mended|counted|lifted|forgot|painted|guarded|traded|dropped|studied|crossed|found|refused|answered|measured".split("|");
const ADJECTIVES = "copper|narrow|silent|broken|amber|hollow|distant|crooked|gentle|bitter|frozen|tangled|woollen|salted|dusty|scarlet|patient|heavy|pale|hungry|ancient|slender|muddy|bright".split("|");
const NOUNS = "kettle|lantern|ladder|orchard|ledger|bridge|anchor|violin|compass|chimney|window|garden|whistle|saddle|barrel|mirror|blanket|candle|basket|market|cellar|feather|letter|harness|meadow|hammer|ribbon|needle|ferry|clock|bakery|tower".split("|");
const PLACES = "beside|behind|under|above|inside|across from|not far from|in front of".split("|");
const TURNS = "and then|while|because|although|before|until|but".split("|");

/** Numbers below a bound, one after another, that follow from the seed alone. */
export class Dice {
  readonly #seed: string;
  #rolls = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  below(bound: number): number {
    const digest = createHash("sha256").update(`${this.#seed}:${(this.#rolls += 1)}`).digest();
    return digest.readUInt32BE(0) % bound;
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

const thing = (dice: Dice) => `the ${dice.of(ADJECTIVES)} ${dice.of(NOUNS)}`;
const clause = (dice: Dice) =>
  `${dice.of(NAMES)} ${dice.of(VERBS)} ${thing(dice)} ${dice.of(PLACES)} ${thing(dice)}`;

/** A name for something that nothing else in the story has. */
export const nameOf = (seed: string): string => {
  const dice = new Dice(`name of ${seed}`);
  return `${dice.of(ADJECTIVES)} ${dice.of(NOUNS)} ${1_000 + dice.below(9_000)}`;
};

export const wordsOf = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

/** Paragraphs of `words` words in total; the given sentences come first, as far as they fit. */
export function prose(seed: string, words: number, given: readonly string[] = []): string {
  const dice = new Dice(seed);
  const sentences: string[] = [];
  let left = Math.max(words, 1);
  const add = (sentence: string): void => {
    sentences.push(sentence);
    left -= wordsOf(sentence);
  };
  for (const sentence of given) {
    if (wordsOf(sentence) <= left) add(sentence);
  }
  while (left > 0) {
    const whole = `${dice.of(OPENINGS)}, ${clause(dice)} ${dice.of(TURNS)} ${clause(dice)}`.split(" ");
    // The last sentence fills the remaining length.
    const taken = left - whole.length < 4 ? whole.slice(0, left) : whole;
    while (left - whole.length < 4 && taken.length < left) taken.push(dice.of(NOUNS));
    add(`${taken.join(" ").replace(/,$/, "")}.`);
  }
  const paragraphs: string[] = [];
  for (let at = 0; at < sentences.length; at += 5) paragraphs.push(sentences.slice(at, at + 5).join(" "));
  return paragraphs.join("\n\n");
}
