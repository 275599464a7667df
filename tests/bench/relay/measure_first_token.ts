// The time that a relay adds to a reply's first token: one stream at a time, without the time of the
// model and the database.
import type { Scale } from "./main.ts";
import { median } from "./statistics.ts";
import { printTable } from "./table.ts";
import {
  ASKING,
  OURS,
  PASS_THROUGH,
  TYPESCRIPT,
  type RelayProcess,
  type Run,
  type Runtime,
  type World,
} from "./world.ts";

const KINDS = [PASS_THROUGH, ASKING, TYPESCRIPT, OURS];
// The model thinks for longer than a client delays its acknowledgement (40 ms): Deno 2.1.4 leaves
// Nagle's algorithm on, which holds back data after the head until it is acknowledged.
const BATCH: Run = { connections: 1, streams: 20, tokens: 2, tokensASecond: 100, thinksMs: 60 };
const PERCENTILE = 0.95;

export async function measureFirstToken(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const relays = await Promise.all(KINDS.map((kind) => world.startRelay(kind, runtime)));
  const everyone = [world.direct(), ...relays];
  const times = everyone.map((): number[] => []);
  try {
    for (const relay of relays) await world.run(relay, { ...BATCH, thinksMs: 0 });
    for (let round = 0; round < scale.rounds; round += 1) {
      for (const [index, relay] of everyone.entries()) {
        times[index]!.push(...(await ownTimes(world, relay, BATCH)));
      }
    }
  } finally {
    for (const relay of relays) await relay.stop();
  }
  const directMs = median(times[0]!);
  const askingMs = median(times[1 + KINDS.indexOf(ASKING)]!);
  printTable(
    `${runtime}: time to first token less the model's and the database's own, ms`,
    ["relay", "median", "95 %", "added to no relay", "added to a'"],
    everyone.map(({ kind }, index) => [
      kind.title,
      median(times[index]!).toFixed(2),
      percentile(times[index]!).toFixed(2),
      (median(times[index]!) - directMs).toFixed(2),
      (median(times[index]!) - askingMs).toFixed(2),
    ]),
    "all but a ask the database once before; c is to add less than 1 ms to a', which does no more",
  );
}

async function ownTimes(world: World, relay: RelayProcess, run: Run): Promise<number[]> {
  const { firstTokenMs, modelMs, databaseMs } = await world.run(relay, run);
  return firstTokenMs.map((time, index) => time - modelMs[index]! - (databaseMs[index] ?? 0));
}

function percentile(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * PERCENTILE)]!;
}
