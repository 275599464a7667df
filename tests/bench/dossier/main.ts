/**
 * Measures how often the dossier merges two people and splits one, compared with other methods
 * (README.md).
 * ./scripts/bench dossier [--casts COUNT] [--seed SEED] [--file DELIVERIES]
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { printTable } from "../relay/table.ts";
import { baselines } from "./baselines.ts";
import { makeCast } from "./casts.ts";
import { byWork, goldOf, readDeliveries, recordsOf } from "./deliveries.ts";
import type { Delivery, Partition } from "./deliveries.ts";
import { noisy } from "./noise.ts";
import { Random } from "./random.ts";
import { macro, score } from "./scores.ts";
import type { Scores } from "./scores.ts";

const { values: options } = parseArgs({
  options: {
    casts: { type: "string", default: "28" },
    seed: { type: "string", default: "1" },
    file: { type: "string", default: "tests/fixtures/litbank/deliveries.jsonl" },
    command: { type: "string", default: "scripts/fabula-dossier" },
    shuffles: { type: "string", default: "3" },
    write: { type: "string" },
  },
});

function run(deliveries: Delivery[], words: string[]) {
  const input = deliveries.map((delivery) => {
    const characters = delivery.characters.map(({ id, name, aliases }) => ({ id, name, aliases }));
    return JSON.stringify({ ...delivery, characters });
  });
  const begin = performance.now();
  const result = spawnSync(options.command, words, {
    input: input.join("\n"),
    maxBuffer: 1 << 28,
    encoding: "utf8",
  });
  const milliseconds = performance.now() - begin;
  if (result.status !== 0) throw new Error(`fabula-dossier: ${result.stderr}`);
  return { output: result.stdout, milliseconds };
}

function partitionsOf(output: string): Map<string, Partition> {
  const partitions = new Map<string, Partition>();
  for (const line of output.split("\n").filter((text) => text !== "")) {
    const { work, assignments } = JSON.parse(line) as {
      work: string;
      assignments: Record<string, string>;
    };
    partitions.set(work, new Map(Object.entries(assignments)));
  }
  return partitions;
}

function row(name: string, scores: Scores, milliseconds: number, invariance: string): string[] {
  const shown = (number: number): string => number.toFixed(3);
  return [
    name,
    shown(scores.bCubed.precision),
    shown(scores.bCubed.recall),
    shown(scores.bCubed.f),
    shown(scores.muc.f),
    shown(scores.ceafe.f),
    shown(scores.conll),
    scores.clusterRatio.toFixed(2),
    String(scores.falseMerges),
    String(scores.majorSplits),
    milliseconds.toFixed(0),
    invariance,
  ];
}

function measure(title: string, deliveries: Delivery[]): void {
  const works = [...byWork(deliveries)].map(([work, its]) => ({ work, records: recordsOf(its) }));
  const rows: string[][] = [];
  for (const { name, merge } of baselines) {
    const begin = performance.now();
    const partitions = works.map(({ records }) => merge(records));
    const milliseconds = performance.now() - begin;
    const all = works.map(({ records }, index) => score(partitions[index]!, goldOf(records)));
    rows.push(row(name, macro(all), milliseconds, ""));
  }
  const { output, milliseconds } = run(deliveries, []);
  const partitions = partitionsOf(output);
  const all = works.map(({ work, records }) => score(partitions.get(work)!, goldOf(records)));
  const shuffles = Number(options.shuffles);
  let same = 0;
  for (let seed = 1; seed <= shuffles; ++seed) {
    if (run(deliveries, ["--shuffle", String(seed)]).output === output) ++same;
  }
  rows.push(row("fabula-dossier", macro(all), milliseconds, `${same}/${shuffles}`));
  const columns = ["", "B3 P", "B3 R", "B3 F", "MUC", "CEAF-e", "CoNLL", "clusters/gold"];
  columns.push("false merges", "major splits", "ms", "same when shuffled");
  const records = works.reduce((sum, work) => sum + work.records.length, 0);
  printTable(title, columns, rows, `${works.length} works, ${records} records, mean over works`);
}

const seed = Number(options.seed);
const litbank = readDeliveries(options.file);
const casts = Array.from({ length: Number(options.casts) }, (_, index) =>
  makeCast(seed * 1000 + index),
).flat();
const sets: [string, Delivery[]][] = [
  ["LitBank", litbank],
  ["LitBank, noisy", noisy(litbank, new Random(seed))],
  ["Invented casts", casts],
  ["Invented casts, noisy", noisy(casts, new Random(seed))],
];
for (const [title, deliveries] of sets) {
  if (options.write !== undefined) {
    const lines = deliveries.map((delivery) => `${JSON.stringify(delivery)}\n`);
    writeFileSync(`${options.write}/${title.replaceAll(/\W+/g, "_")}.jsonl`, lines.join(""));
  }
  measure(title, deliveries);
}
