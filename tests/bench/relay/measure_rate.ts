// How many replies of 200 tokens pass in a second, all of them concurrent and at full speed.
import type { Scale } from "./main.ts";
import { median, withSpread } from "./statistics.ts";
import { printTable } from "./table.ts";
import { OURS, PASS_THROUGH, TYPESCRIPT, type Run, type Runtime, type World } from "./world.ts";

const KINDS = [PASS_THROUGH, TYPESCRIPT, OURS];
const TOKENS = 200;
const STREAMS = 512;

export async function measureRate(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const relays = await Promise.all(KINDS.map((kind) => world.startRelay(kind, runtime)));
  const runWith = (connections: number): Run => ({ connections, streams: STREAMS, tokens: TOKENS, tokensASecond: 0 });
  try {
    for (const relay of relays) await world.run(relay, runWith(16));
    for (const connections of [16, 64]) {
      const rates = relays.map((): number[] => []);
      const cpu = relays.map((): number[] => []);
      for (let round = 0; round < scale.rounds; round += 1) {
        for (const [index, relay] of relays.entries()) {
          const outcome = await world.run(relay, runWith(connections));
          rates[index]!.push((1000 * STREAMS) / outcome.elapsedMs);
          cpu[index]!.push(outcome.cpuMs / STREAMS);
        }
      }
      printTable(
        `${runtime}: streams of ${TOKENS} tokens a second, ${connections} connections`,
        ["relay", "streams a second", "CPU ms a stream", "a second of one core"],
        relays.map(({ kind }, index) => [
          kind.title,
          withSpread(rates[index]!, 0),
          median(cpu[index]!).toFixed(2),
          (1000 / median(cpu[index]!)).toFixed(0),
        ]),
        "model, database and clients share the machine",
      );
    }
  } finally {
    for (const relay of relays) await relay.stop();
  }
}
