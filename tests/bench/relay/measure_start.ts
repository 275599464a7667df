// The cost of the largest function before its first request: compiling its module, making an
// instance.
import type { Scale } from "./main.ts";
import type { Start } from "./relays/starting.ts";
import { median } from "./statistics.ts";
import { printTable } from "./table.ts";
import { STARTING, STARTING_EMPTY, type RelayKind, type Runtime, type World } from "./world.ts";

const BAR_MS = 10;

interface FirstAnswer extends Start {
  /** Since the start of the process. */
  afterMs: number;
}

export async function measureStart(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const starts: FirstAnswer[] = [];
  const emptyStarts: FirstAnswer[] = [];
  for (let round = 0; round < scale.rounds; round += 1) {
    // Each in a new process: a runtime keeps compiled modules.
    starts.push(await firstAnswer(world, runtime, STARTING));
    if (runtime === "workerd") emptyStarts.push(await firstAnswer(world, runtime, STARTING_EMPTY));
  }
  const of = (name: keyof FirstAnswer, from = starts): number =>
    median(from.map((start) => start[name]));
  const instantiateMs = of("instantiateMs");
  // workerd compiles before a worker could look at a clock: its start with this module, and with one
  // that has nothing in it.
  const compileMs =
    runtime === "deno"
      ? of("compileMs")
      : of("afterMs") - of("afterMs", emptyStarts) - of("measuredMs");
  printTable(
    `${runtime}: chat.wasm, medians of ${scale.rounds} processes`,
    ["compile ms", "an instance ms"],
    [[compileMs.toFixed(1), instantiateMs.toFixed(2)]],
    `together at most ${BAR_MS} is wanted`,
  );
}

async function firstAnswer(world: World, runtime: Runtime, kind: RelayKind): Promise<FirstAnswer> {
  const beganMs = performance.now();
  const relay = await world.startRelay(kind, runtime);
  try {
    const start = (await (await fetch(relay.url)).json()) as Start;
    return { ...start, afterMs: performance.now() - beganMs };
  } finally {
    await relay.stop();
  }
}
