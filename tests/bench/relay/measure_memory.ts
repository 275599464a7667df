// Memory of an open stream with 60 KB of history, and the host calls for a token.
import type { Scale } from "./main.ts";
import { printTable } from "./table.ts";
import {
  OURS,
  OURS_COUNTED,
  PASS_THROUGH,
  TYPESCRIPT,
  type Run,
  type Runtime,
  type World,
} from "./world.ts";

const KINDS = [PASS_THROUGH, TYPESCRIPT, OURS];
const HISTORY_BYTES = 60_000;
const OPEN: Run = {
  connections: 200,
  streams: 200,
  tokens: 60,
  tokensASecond: 10,
  historyBytes: HISTORY_BYTES,
};

interface Counts {
  instances: number;
  memoryBytes: number;
  calls: Record<string, number>;
}

export async function measureMemory(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  if (!scale.isSmoke) await reportMemory(world, runtime);
  await reportCalls(world, runtime, scale);
}

async function reportMemory(world: World, runtime: Runtime): Promise<void> {
  const rows: string[][] = [];
  for (const kind of KINDS) {
    // Each in a new process: memory freed by earlier streams would be reused by the next.
    const relay = await world.startRelay(kind, runtime);
    try {
      const resident = await world.residentKilobytesAStream(relay, OPEN);
      rows.push([kind.title, resident.toFixed(0)]);
    } finally {
      await relay.stop();
    }
  }
  printTable(`${runtime}: resident memory of each of ${OPEN.streams} open streams`, ["relay", "KB"], rows);
}

async function reportCalls(world: World, runtime: Runtime, { isSmoke }: Scale): Promise<void> {
  const relay = await world.startRelay(OURS_COUNTED, runtime);
  const take = async (): Promise<Counts> =>
    (await (await fetch(new URL("/counts", relay.url))).json()) as Counts;
  try {
    const rows: string[][] = [];
    for (const tokensASecond of isSmoke ? [0] : [50, 100, 0]) {
      const tokens = isSmoke ? 20 : 200;
      const run = { connections: 16, streams: 16, tokens, tokensASecond, historyBytes: HISTORY_BYTES };
      await take();
      await world.run(relay, run);
      const { memoryBytes, calls } = await take();
      const thousands = (run.streams * run.tokens) / 1000;
      const each = (name: string): string => ((calls[name] ?? 0) / thousands).toFixed(0);
      const names = ["resume", "completions", "body_read", "response_write", "sleep", "cancel", "clock_ms"];
      rows.push([
        tokensASecond === 0 ? "as fast as they go" : `${tokensASecond} tokens a second`,
        `${memoryBytes / 1024} KB`,
        ...names.map(each),
      ]);
    }
    printTable(
      `${runtime}: c's declared memory with ${HISTORY_BYTES / 1000} KB of history, and calls between host and guest per 1,000 tokens`,
      ["pace", "memory", "resume", "completions", "read", "write", "sleep", "cancel", "clock"],
      rows,
      "at most 384 KB is wanted",
    );
  } finally {
    await relay.stop();
  }
}
