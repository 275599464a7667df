/**
 * Casts of invented novels: families with one name, people with one given name, nicknames, marriages,
 * kin terms for several people. Rules that only fit the existing novels fail here. The names are this
 * file's own; chance decides who has which name.
 */
import type { Delivery, Entry } from "./deliveries.ts";
import { Random } from "./random.ts";

const kSegments = 20;

// Earlier names are given more often, as in life.
const kWomen =
  "Mary Elizabeth Anne Jane Margaret Catherine Sarah Emily Ellen Helen Charlotte Alice Harriet Lucy Martha Rose Edith Caroline Julia Susan Agnes Isabel Frances Dorothy Rebecca Clara Ruth Violet Matilda Esther Rosalind Lavinia Hermione Thomasin Araminta".split(
    " ",
  );
const kMen =
  "John William Thomas George James Charles Henry Robert Edward Richard Arthur Frederick Philip Walter Francis Edmund Stephen Hugh Roger Ralph Gerald Peter Martin Laurence Gilbert Ambrose Jasper Septimus Tobias Evander".split(
    " ",
  );
const kFamilies =
  "Harcourt Penhallow Marsh Thorne Ashdown Wickham-Lisle Vane Calloway Dunmore Ferris Greave Hollins Ingleby Jessop Kettering Lorimer Mallory Norcott Ormsby Pargeter Quillan Ravenscroft Selwyn Tarrant Underhill Verrall Winstanley Yardley Abbot Brand Crewe Dent Everard Foxe Grant Holt James Keith Lyle Martin Nash Oakes Pryor Reeve Stone Trent Ward Young de Courcy St. Maur O'Hara".split(
    /(?<!de|St\.) /u,
  );
const kShort: Record<string, string[]> = {
  Mary: ["Polly", "Molly"],
  Elizabeth: ["Bess", "Lizzie", "Betty", "Eliza"],
  Anne: ["Nan", "Annie"],
  Jane: ["Jenny"],
  Margaret: ["Meg", "Peggy", "Daisy"],
  Catherine: ["Kitty", "Kate"],
  Sarah: ["Sally"],
  Emily: ["Em"],
  Ellen: ["Nelly"],
  Helen: ["Nell"],
  Charlotte: ["Lottie"],
  Harriet: ["Hattie"],
  Martha: ["Patty"],
  Caroline: ["Carrie"],
  Susan: ["Sue"],
  Frances: ["Fanny"],
  Dorothy: ["Dolly"],
  Rebecca: ["Becky"],
  Matilda: ["Tilly"],
  Araminta: ["Minty"],
  Thomasin: ["Tamsin"],
  John: ["Jack"],
  William: ["Will", "Billy"],
  Thomas: ["Tom"],
  James: ["Jim", "Jem"],
  Charles: ["Charlie"],
  Henry: ["Harry", "Hal"],
  Robert: ["Bob", "Robin"],
  Edward: ["Ned", "Ted"],
  Richard: ["Dick"],
  Frederick: ["Fred"],
  Philip: ["Phil"],
  Walter: ["Wat"],
  Francis: ["Frank"],
  Edmund: ["Ned"],
  Tobias: ["Toby"],
  Septimus: ["Sep"],
};
const kRanks = ["Captain", "Colonel", "Dr.", "Professor", "Inspector", "Major", "Judge"];
const kHandles = ["Ginger", "the Scarecrow", "Old Nick", "Tiny", "the Duchess", "Spider"];

interface Person {
  gold: string;
  /** How often this person is mentioned, as a fraction of 1. */
  weight: number;
  /** The person's names, and how often each is used. */
  forms: [string, number][];
  /** The person's names from a segment on. */
  later?: { segment: number; forms: [string, number][] };
}

class Cast {
  readonly people: Person[] = [];
  private readonly families: string[];

  constructor(private readonly random: Random) {
    this.families = random.shuffled(kFamilies);
    const families = 3 + random.below(3);
    for (let count = 0; count < families; ++count) this.addFamily();
    for (let count = 3 + random.below(4); count > 0; --count) this.addAcquaintance();
    for (let count = 1 + random.below(3); count > 0; --count) this.addServant();
    if (random.chance(0.5)) this.addNoble();
    if (random.chance(0.4)) this.addHandle();
  }

  private given(names: string[]): string {
    const { random } = this;
    return names[Math.floor(names.length * random.next() * random.next())]!;
  }

  private add(label: string, forms: [string, number][]): Person {
    const person: Person = {
      gold: `${label}-${this.people.length}`,
      weight: 0.08 + 0.9 * this.random.next() ** 2.5,
      // No character has all possible names.
      forms: forms.filter((_, index) => index === 0 || this.random.chance(0.65)),
    };
    this.people.push(person);
    return person;
  }

  private shortForms(given: string, count: number): [string, number][] {
    const short = kShort[given];
    return short && this.random.chance(0.6) ? [[this.random.pick(short), count]] : [];
  }

  private addFamily(): void {
    const { random } = this;
    const family = this.families.pop()!;
    const used = new Set<string>();
    const own = (names: string[]): string => {
      let given = this.given(names);
      while (used.has(given)) given = this.given(names);
      used.add(given);
      return given;
    };
    const father = own(kMen);
    if (random.chance(0.8)) {
      this.add(`${father} ${family}`, [
        [`Mr. ${family}`, 8],
        [family, 2],
        [`${father} ${family}`, 1],
        ["papa", 2],
        [`old ${family}`, 1],
      ]);
    }
    if (random.chance(0.8)) {
      this.add(`Mrs ${family}`, [
        [`Mrs. ${family}`, 9],
        ["mamma", 2],
        [`${own(kWomen)} ${family}`, 0.5],
      ]);
    }
    if (random.chance(0.3)) this.add(`aunt of ${family}`, [[`Aunt ${own(kWomen)}`, 5], ["Aunt", 2]]);
    for (let child = 0; child < 1 + random.below(4); ++child) {
      if (random.chance(0.5)) this.addDaughter(own(kWomen), family, child === 0);
      else this.addSon(own(kMen), family);
    }
  }

  private addDaughter(given: string, family: string, isEldest: boolean): void {
    const { random } = this;
    const person = this.add(`${given} ${family}`, [
      [given, 8],
      [`${given} ${family}`, 2],
      [`Miss ${family}`, isEldest ? 5 : 1],
      [`Miss ${given}`, 2],
      [`Miss ${given} ${family}`, 1],
      ...this.shortForms(given, 4),
      [`dear ${given}`, 1],
    ]);
    if (!random.chance(0.15)) return;
    const husband = this.families.pop()!;
    person.later = {
      segment: 8 + random.below(10),
      forms: [
        [given, 6],
        [`Mrs. ${husband}`, 5],
        [`${given} ${husband}`, 1],
      ],
    };
  }

  private addSon(given: string, family: string): void {
    this.add(`${given} ${family}`, [
      [given, 8],
      [`${given} ${family}`, 3],
      [`Mr. ${given}`, 1],
      [`Mr. ${given} ${family}`, 1],
      [`young ${family}`, 1],
      [`Mr. ${family}`, 1],
      ...this.shortForms(given, 5),
      [`poor ${given}`, 1],
    ]);
  }

  private addAcquaintance(): void {
    const { random } = this;
    const family = this.families.pop()!;
    if (random.chance(0.35)) {
      const given = this.given(kWomen);
      const title = random.chance(0.5) ? "Miss" : "Mrs.";
      this.add(`${given} ${family}`, [
        [`${title} ${family}`, 8],
        [given, 1],
        [`${given} ${family}`, 1],
      ]);
      return;
    }
    const given = this.given(kMen);
    const title = random.chance(0.5) ? "Mr." : random.pick(kRanks);
    this.add(`${given} ${family}`, [
      [`${title} ${family}`, 6],
      [family, 6],
      [`${given} ${family}`, 1],
      [given, 1],
      [title.startsWith("Mr") ? `Mr. ${given} ${family}` : `the ${title.replace(".", "")}`, 1],
    ]);
  }

  private addServant(): void {
    const given = this.given(this.random.chance(0.6) ? kWomen : kMen);
    this.add(`${given} (servant)`, [[given, 8], [`old ${given}`, 1], ...this.shortForms(given, 3)]);
  }

  private addNoble(): void {
    const { random } = this;
    const family = this.families.pop()!;
    const given = this.given(kMen);
    this.add(`Sir ${given} ${family}`, [
      [`Sir ${given}`, 8],
      [`Sir ${given} ${family}`, 3],
      [given, 1],
    ]);
    if (random.chance(0.6)) this.add(`Lady ${family}`, [[`Lady ${family}`, 8]]);
  }

  private addHandle(): void {
    const given = this.given(kMen);
    this.add(`${given} (handle)`, [
      [this.random.pick(kHandles), 8],
      [`${given} ${this.families.pop()!}`, 2],
    ]);
  }
}

function drawForm(forms: [string, number][], random: Random): string {
  let left = random.next() * forms.reduce((sum, [, count]) => sum + count, 0);
  for (const [form, count] of forms) {
    left -= count;
    if (left < 0) return form;
  }
  return forms[0]![0];
}

/** A perfect extractor's report about a person in a segment. */
function entryOf(person: Person, segment: number, work: string, random: Random): Entry {
  const later = person.later !== undefined && segment >= person.later.segment;
  const forms = later ? person.later!.forms : person.forms;
  const counts = new Map<string, number>();
  for (let mentions = 1 + random.below(1 + 9 * person.weight); mentions > 0; --mentions) {
    const form = drawForm(forms, random);
    counts.set(form, (counts.get(form) ?? 0) + 1);
  }
  const [name, ...aliases] = [...counts].sort((a, b) => b[1] - a[1]).map(([form]) => form);
  return { id: "", name: name!, aliases, gold: `${work}/${person.gold}` };
}

export function makeCast(seed: number): Delivery[] {
  const random = new Random(seed);
  const { people } = new Cast(random);
  const work = `cast-${seed}`;
  return Array.from({ length: kSegments }, (_, segment) => ({
    work,
    segment,
    characters: random
      .shuffled(people.filter(({ weight }) => random.chance(weight)))
      .map((person) => entryOf(person, segment, work, random))
      .map((entry, index) => ({ ...entry, id: `${work}/${segment}/${index}` })),
  }));
}
