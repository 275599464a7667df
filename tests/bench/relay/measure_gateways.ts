// CPU time of gateways in use today, compared with ours: smaller runs than the relays', because some
// take milliseconds per token.
import { GATEWAYS, startGateway } from "./gateways.ts";
import type { Scale } from "./main.ts";
import { median, withSpread } from "./statistics.ts";
import { printTable } from "./table.ts";
import { OURS, TYPESCRIPT, type Run, type Runtime, type World } from "./world.ts";

const CONNECTIONS = 8;
const RUNS: [title: string, run: Run][] = [
  ["8 streams of 50 tokens a second", { connections: CONNECTIONS, streams: 8, tokens: 300, tokensASecond: 50 }],
  ["as fast as they go, 8 at a time", { connections: CONNECTIONS, streams: 32, tokens: 300, tokensASecond: 0 }],
];

export async function measureGateways(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const relays = await Promise.all([TYPESCRIPT, OURS].map((kind) => world.startRelay(kind, runtime)));
  try {
    for (const gateway of GATEWAYS) relays.push(await startGateway(gateway, world, scale.root));
    for (const relay of relays) await world.run(relay, { ...RUNS[1]![1], streams: CONNECTIONS });
    for (const [title, run] of RUNS) {
      const times = relays.map((): number[] => []);
      for (let round = 0; round < scale.rounds; round += 1) {
        for (const [index, relay] of relays.entries()) {
          const { cpuMs } = await world.run(relay, run);
          times[index]!.push((1000 * cpuMs) / (run.streams * run.tokens));
        }
      }
      const oursMs = median(times[1]!);
      printTable(
        `${runtime} and Python: CPU per 1,000 tokens, ${title}`,
        ["relay", "ms", "of c"],
        relays.map(({ kind }, index) => [
          kind.title,
          withSpread(times[index]!, 1),
          (median(times[index]!) / oursMs).toFixed(1),
        ]),
      );
    }
  } finally {
    for (const relay of relays) await relay.stop();
  }
}
