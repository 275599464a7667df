// The cost of relaying a model's stream: ./scripts/bench relay, or tests/bench/relay/run [OPTION...]
//
//   --runtime workerd|deno   only that one
//   --only NAME              only that measurement: cpu, first-token, memory, start, rate, decoder, log;
//                         gateways, which is measured only on request: it installs two from PyPI
//   --rounds N               of each measurement, interleaved; 5
//   --seconds S              of each run at a model's pace; 6
//   --smoke                  seconds instead of minutes: only shows that it works
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureCpu } from "./measure_cpu.ts";
import { measureDecoder } from "./measure_decoder.ts";
import { measureFirstToken } from "./measure_first_token.ts";
import { measureGateways } from "./measure_gateways.ts";
import { measureLog } from "./measure_log.ts";
import { measureMemory } from "./measure_memory.ts";
import { measureRate } from "./measure_rate.ts";
import { measureStart } from "./measure_start.ts";
import { World, type Runtime } from "./world.ts";

export interface Scale {
  root: string;
  rounds: number;
  seconds: number;
  isSmoke: boolean;
}

const { values } = parseArgs({
  options: {
    runtime: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "6" },
    smoke: { type: "boolean", default: false },
  },
});

const scale: Scale = {
  root: fileURLToPath(new URL("../../..", import.meta.url)),
  rounds: values.smoke ? 1 : Number(values.rounds),
  seconds: values.smoke ? 0.5 : Number(values.seconds),
  isSmoke: values.smoke,
};
const runtimes = (["workerd", "deno"] as const).filter(
  (runtime) => values.runtime === undefined || values.runtime === runtime,
);
const SMOKE = ["cpu", "memory", "start", "decoder"];
const isWanted = (name: string): boolean =>
  values.smoke ? SMOKE.includes(name) : values.only === undefined || values.only === name;

const measurements: Record<string, (world: World, runtime: Runtime, scale: Scale) => Promise<void>> = {
  cpu: measureCpu,
  "first-token": measureFirstToken,
  memory: measureMemory,
  start: measureStart,
  rate: measureRate,
  decoder: measureDecoder,
};

function describeMachine(): void {
  const [first] = cpus();
  const load = loadavg()[0]!.toFixed(2);
  console.log(`${new Date().toISOString()}, ${cpus().length} x ${first?.model}, load ${load} at the start`);
}

describeMachine();
const world = new World(scale.root);
try {
  await world.start();
  for (const runtime of runtimes) {
    for (const [name, measure] of Object.entries(measurements)) {
      if (isWanted(name)) await measure(world, runtime, scale);
    }
  }
  if (values.only === "gateways") await measureGateways(world, runtimes[0]!, scale);
  if (isWanted("log")) await measureLog(scale);
} finally {
  world.stop();
}
