/**
 * Level C of the benchmark: the faults of an imperfect extractor in deliveries. 10 % of aliases are
 * dropped, 10 % of records are split in two, 3 % have another record of their delivery mixed into
 * them, names lose titles or letters, deliveries arrive twice and in any order.
 */
import type { Delivery, Entry } from "./deliveries.ts";
import type { Random } from "./random.ts";

const kDroppedAliases = 0.1;
const kSplitRecords = 0.1;
const kWrongMerges = 0.03;
const kVariants = 0.05;
const kDuplicates = 0.05;

function withTypo(name: string, random: Random): string {
  const letters = [...name];
  const at = 1 + random.below(letters.length - 2);
  if (letters.length < 6 || letters[at] === " " || letters[at + 1] === " ") return name;
  const kind = random.below(3);
  if (kind === 0) letters.splice(at, 1);
  else if (kind === 1) letters.splice(at, 0, letters[at]!);
  else letters.splice(at, 2, letters[at + 1]!, letters[at]!);
  return letters.join("");
}

function variant(name: string, random: Random): string {
  const withoutTitle = name.replace(/^(Mr|Mrs|Miss|Dr|Captain|Sir|Lady)\.? /u, "");
  const variants = [
    () => withTypo(name, random),
    () => name.replace(/^(Mr|Mrs|Dr)\. /u, "$1 "),
    () => (withoutTitle === name ? withTypo(name, random) : withoutTitle),
    () => name.toUpperCase(),
  ];
  return random.pick(variants)();
}

function split(entry: Entry, random: Random): Entry[] {
  const names = random.shuffled([entry.name, ...entry.aliases]);
  if (names.length < 2) return [entry];
  const cut = 1 + random.below(names.length - 1);
  return [names.slice(0, cut), names.slice(cut)].map(([name, ...aliases], half) => ({
    ...entry,
    id: `${entry.id}/${half}`,
    name: name!,
    aliases,
  }));
}

function mergeWrongly(entries: Entry[], random: Random): Entry[] {
  const gone = new Set<Entry>();
  for (const entry of entries) {
    if (gone.has(entry) || entries.length < 2 || !random.chance(kWrongMerges)) continue;
    const other = random.pick(entries.filter((candidate) => candidate !== entry));
    if (gone.has(other)) continue;
    entry.aliases = [...entry.aliases, other.name, ...other.aliases];
    gone.add(other);
  }
  return entries.filter((entry) => !gone.has(entry));
}

function damage(delivery: Delivery, random: Random): Delivery {
  let entries = delivery.characters.map((entry) => ({
    ...entry,
    name: random.chance(kVariants) ? variant(entry.name, random) : entry.name,
    aliases: entry.aliases
      .filter(() => !random.chance(kDroppedAliases))
      .map((alias) => (random.chance(kVariants) ? variant(alias, random) : alias)),
  }));
  entries = entries.flatMap((entry) =>
    random.chance(kSplitRecords) ? split(entry, random) : [entry],
  );
  return { ...delivery, characters: random.shuffled(mergeWrongly(entries, random)) };
}

export function noisy(deliveries: Delivery[], random: Random): Delivery[] {
  const damaged = deliveries.map((delivery) => damage(delivery, random));
  const repeated = damaged
    .filter(() => random.chance(kDuplicates))
    .map((delivery) => ({
      ...delivery,
      characters: delivery.characters.map((entry) => ({ ...entry, id: `${entry.id}/again` })),
    }));
  return random.shuffled([...damaged, ...repeated]);
}
