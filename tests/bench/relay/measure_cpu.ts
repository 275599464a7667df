// CPU time of a relay's process for each 1,000 tokens: whole streams, with their beginning and end.
import type { Scale } from "./main.ts";
import { median, withSpread } from "./statistics.ts";
import { printTable } from "./table.ts";
import {
  OURS,
  OURS_UNCOALESCED,
  PASS_THROUGH,
  READING,
  TYPESCRIPT,
  type RelayKind,
  type Run,
  type Runtime,
  type World,
} from "./world.ts";

const KINDS = [PASS_THROUGH, READING, TYPESCRIPT, OURS, OURS_UNCOALESCED];
const STREAMS = 64;
const FAST_CONNECTIONS = 16;
const FAST_TOKENS = 1000;
const WARM_UP: Run = { connections: 16, streams: 96, tokens: 1000, tokensASecond: 0 };

const BARS = { ofTypescript: 0.6, ofPassThrough: 1.9 };

function paces({ seconds, isSmoke }: Scale): [string, Run][] {
  const paced = [50, 100].map((tokensASecond): [string, Run] => [
    `${STREAMS} streams of ${tokensASecond} tokens a second`,
    { connections: STREAMS, streams: STREAMS, tokens: tokensASecond * seconds, tokensASecond },
  ]);
  const fast: [string, Run] = [
    `${STREAMS} streams as fast as they go, ${FAST_CONNECTIONS} at a time`,
    { connections: FAST_CONNECTIONS, streams: STREAMS, tokens: FAST_TOKENS, tokensASecond: 0 },
  ];
  if (!isSmoke) return [...paced, fast];
  return [["a smoke test", { connections: 4, streams: 4, tokens: 25, tokensASecond: 100 }]];
}

interface Sample {
  msAThousand: number;
  piecesAThousand: number;
}

export async function measureCpu(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const relays = await Promise.all(KINDS.map((kind) => world.startRelay(kind, runtime)));
  try {
    if (!scale.isSmoke) for (const relay of relays) await world.run(relay, WARM_UP);
    for (const [title, run] of paces(scale)) {
      const samples = new Map<RelayKind, Sample[]>(KINDS.map((kind) => [kind, []]));
      for (let round = 0; round < scale.rounds; round += 1) {
        for (const relay of relays) {
          const { cpuMs, pieces } = await world.run(relay, run);
          const thousands = (run.streams * run.tokens) / 1000;
          const sample = { msAThousand: cpuMs / thousands, piecesAThousand: pieces / thousands };
          samples.get(relay.kind)!.push(sample);
        }
      }
      report(`${runtime}: CPU per 1,000 tokens, ${title}`, samples);
    }
  } finally {
    for (const relay of relays) await relay.stop();
  }
}

function report(title: string, samples: Map<RelayKind, Sample[]>): void {
  const times = (kind: RelayKind) => samples.get(kind)!.map(({ msAThousand }) => msAThousand);
  // For each round separately: a disturbance of the machine affects both.
  const ratio = (kind: RelayKind, other: RelayKind): number =>
    median(times(kind).map((time, round) => time / times(other)[round]!));
  printTable(
    title,
    ["relay", "ms", "of a", "of b", "pieces at the client"],
    KINDS.map((kind) => [
      kind.title,
      withSpread(times(kind), 1),
      ratio(kind, PASS_THROUGH).toFixed(2),
      ratio(kind, TYPESCRIPT).toFixed(2),
      median(samples.get(kind)!.map(({ piecesAThousand }) => piecesAThousand)).toFixed(0),
    ]),
    `at most ${BARS.ofPassThrough} of a and ${BARS.ofTypescript} of b is wanted of c`,
  );
}
