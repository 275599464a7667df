/** An extractor's delivery for one segment of a work; `gold` is the real person. */
import { readFileSync } from "node:fs";

export interface Entry {
  id: string;
  name: string;
  aliases: string[];
  gold: string;
}

export interface Delivery {
  work: string;
  segment: number;
  characters: Entry[];
}

/** The person of each record, by its id. */
export type Partition = Map<string, string>;

export function readDeliveries(file: string): Delivery[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Delivery);
}

export function byWork(deliveries: Delivery[]): Map<string, Delivery[]> {
  const works = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    works.set(delivery.work, [...(works.get(delivery.work) ?? []), delivery]);
  }
  return works;
}

/** The records of a work, each once, in reading order. */
export function recordsOf(deliveries: Delivery[]): Entry[] {
  const records = new Map<string, Entry>();
  for (const delivery of deliveries.toSorted((a, b) => a.segment - b.segment)) {
    for (const entry of delivery.characters) {
      if (!records.has(entry.id)) records.set(entry.id, entry);
    }
  }
  return [...records.values()];
}

export function goldOf(records: Entry[]): Partition {
  return new Map(records.map(({ id, gold }) => [id, gold]));
}
