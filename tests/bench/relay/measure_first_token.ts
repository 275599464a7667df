// The time to a reply's first token, which a relay adds to the model's own: one stream at a time.
import type { Scale } from "./main.ts";
import { median } from "./statistics.ts";
import { printTable } from "./table.ts";
import { OURS, PASS_THROUGH, TYPESCRIPT, type Run, type Runtime, type World } from "./world.ts";

const KINDS = [PASS_THROUGH, TYPESCRIPT, OURS];
const BATCH: Run = { connections: 1, streams: 25, tokens: 2, tokensASecond: 100 };
const BATCHES_A_ROUND = 2;
const PERCENTILE = 0.95;

export async function measureFirstToken(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const relays = await Promise.all(KINDS.map((kind) => world.startRelay(kind, runtime)));
  const everyone = [world.direct(), ...relays];
  try {
    const times = everyone.map((): number[] => []);
    for (const relay of everyone) await world.run(relay, BATCH);
    const batches = scale.isSmoke ? 0 : scale.rounds * BATCHES_A_ROUND;
    for (let batch = 0; batch < Math.max(1, batches); batch += 1) {
      for (const [index, relay] of everyone.entries()) {
        times[index]!.push(...(await world.run(relay, BATCH)).firstTokenMs);
      }
    }
    const percentile = (numbers: number[]): number =>
      numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * PERCENTILE)]!;
    const [directMs, directPercentileMs] = [median(times[0]!), percentile(times[0]!)];
    printTable(
      `${runtime}: time to first token, ms`,
      ["relay", "median", "added", "added at 95 %"],
      everyone.map(({ kind }, index) => [
        kind.title,
        median(times[index]!).toFixed(2),
        (median(times[index]!) - directMs).toFixed(2),
        (percentile(times[index]!) - directPercentileMs).toFixed(2),
      ]),
      "b and c call the database's stand-in once before; under 1 ms without it is wanted of c",
    );
  } finally {
    for (const relay of relays) await relay.stop();
  }
}
