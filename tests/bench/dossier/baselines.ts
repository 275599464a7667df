/** Other methods (story.md 3.3), implemented again: each returns a partition of one work's records. */
import type { Entry, Partition } from "./deliveries.ts";

export interface Baseline {
  name: string;
  merge(records: Entry[]): Partition;
}

class UnionFind {
  private readonly parents: number[];

  constructor(size: number) {
    this.parents = Array.from({ length: size }, (_, index) => index);
  }

  find(item: number): number {
    while (this.parents[item] !== item) item = this.parents[item]!;
    return item;
  }

  join(a: number, b: number): void {
    this.parents[this.find(b)] = this.find(a);
  }

  partition(records: Entry[]): Partition {
    return new Map(records.map(({ id }, index) => [id, String(this.find(index))]));
  }
}

/** Records that have a key in common are one. */
function byKeys(keysOf: (entry: Entry) => Iterable<string>) {
  return (records: Entry[]): Partition => {
    const union = new UnionFind(records.length);
    const firstWith = new Map<string, number>();
    records.forEach((entry, index) => {
      for (const key of keysOf(entry)) {
        const first = firstWith.get(key);
        if (first === undefined) firstWith.set(key, index);
        else union.join(first, index);
      }
    });
    return union.partition(records);
  };
}

const lower = (name: string): string => name.toLowerCase().trim();

const kTitles = new Set(
  "mr mrs miss ms dr sir lady lord madam madame captain colonel general major uncle aunt the a old young poor dear little".split(
    " ",
  ),
);

function contentWords(name: string): string[] {
  const words = lower(name).match(/[\p{L}\p{N}'’]+/gu) ?? [];
  const content = words.filter((word) => !kTitles.has(word));
  return content.length > 0 ? content : words;
}

const canonical = (name: string): string => contentWords(name).join(" ");

/** Each record joins the first cluster, by the name that began it, to which it is similar. */
function bySimilarity(isSimilar: (a: string, b: string) => boolean) {
  return (records: Entry[]): Partition => {
    const begun: { name: string; id: string }[] = [];
    const partition: Partition = new Map();
    for (const { id, name } of records) {
      const key = canonical(name);
      let found = begun.find((cluster) => isSimilar(cluster.name, key));
      if (!found) begun.push((found = { name: key, id }));
      partition.set(id, found.id);
    }
    return partition;
  };
}

function trigrams(text: string): Set<string> {
  const grams = new Set<string>();
  for (let at = 0; at + 3 <= text.length; ++at) grams.add(text.slice(at, at + 3));
  if (grams.size === 0) grams.add(text);
  return grams;
}

function jaccard(a: string, b: string): number {
  const [left, right] = [trigrams(a), trigrams(b)];
  const both = [...left].filter((gram) => right.has(gram)).length;
  return both / (left.size + right.size - both);
}

/** Letters in matching blocks: the longest block first, then the text to its left and right. */
function matching(a: string, b: string): number {
  let [longest, atA, atB] = [0, 0, 0];
  for (let i = 0; i < a.length; ++i) {
    for (let j = 0; j < b.length; ++j) {
      let length = 0;
      while (i + length < a.length && a[i + length] === b[j + length]) ++length;
      if (length > longest) [longest, atA, atB] = [length, i, j];
    }
  }
  if (longest === 0) return 0;
  return (
    longest +
    matching(a.slice(0, atA), b.slice(0, atB)) +
    matching(a.slice(atA + longest), b.slice(atB + longest))
  );
}

const sequenceRatio = (a: string, b: string): number =>
  (2 * matching(a, b)) / Math.max(1, a.length + b.length);

export const baselines: Baseline[] = [
  { name: "exact lower-case name", merge: byKeys(({ name }) => [lower(name)]) },
  { name: "3-gram Jaccard >= .9", merge: bySimilarity((a, b) => jaccard(a, b) >= 0.9) },
  { name: "sequence ratio >= .8", merge: bySimilarity((a, b) => sequenceRatio(a, b) >= 0.8) },
  {
    name: "any shared alias",
    merge: byKeys(({ name, aliases }) => new Set([name, ...aliases].map(lower))),
  },
  {
    name: "any shared content word",
    merge: byKeys(({ name, aliases }) => new Set([name, ...aliases].flatMap(contentWords))),
  },
];
