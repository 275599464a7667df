// Runs fabula-dossier as its users do.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Delivery, Partition } from "../bench/dossier/deliveries.ts";

export interface Work {
  work: string;
  assignments: Record<string, string>;
  dossier: { characters: { id: string; name: string; aliases: string[] }[] };
}

export function run(words: string[], input: string | Uint8Array = "") {
  const result = spawnSync("scripts/fabula-dossier", words, { input, maxBuffer: 1 << 28 });
  if (result.error) throw result.error;
  return {
    status: result.status,
    output: result.stdout.toString("utf8"),
    complaint: result.stderr.toString("utf8"),
  };
}

/** The command's input: everything except the characters' real identities. */
export function toLines(deliveries: Delivery[]): string {
  const lines = deliveries.map((delivery) => {
    const characters = delivery.characters.map(({ id, name, aliases }) => ({ id, name, aliases }));
    return `${JSON.stringify({ ...delivery, characters })}\n`;
  });
  return lines.join("");
}

export function merge(lines: string, words: string[] = []): Work[] {
  const { status, output, complaint } = run(words, lines);
  assert.equal(complaint, "");
  assert.equal(status, 0);
  const works = output.split("\n");
  assert.equal(works.pop(), "");
  return works.map((line) => JSON.parse(line) as Work);
}

export function partitionsOf(works: Work[]): Map<string, Partition> {
  return new Map(works.map(({ work, assignments }) => [work, new Map(Object.entries(assignments))]));
}
