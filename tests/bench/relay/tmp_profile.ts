import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { World, OURS, OURS_UNCOALESCED, TYPESCRIPT, PASS_THROUGH } from "./world.ts";
const [runtime, which, rate, secs] = process.argv.slice(2);
const kind = { a: PASS_THROUGH, b: TYPESCRIPT, c: OURS, c0: OURS_UNCOALESCED }[which!]!;
const world = new World(fileURLToPath(new URL("../../..", import.meta.url)));
await world.start();
const relay = await world.startRelay(kind, runtime as never);
await world.run(relay, { connections: 16, streams: 64, tokens: 1000, tokensASecond: 0 });
const r = Number(rate), s = Number(secs);
const perf = process.env["PERF"] ? spawn("perf", ["record", "-e", "cpu-clock", "-F", "997", "-g", "-o", "/tmp/t-prof/perf.data", "-p", String(relay.processId)], { stdio: ["ignore", "ignore", "inherit"] }) : null;
const run = r === 0 ? { connections: 16, streams: 32 * s, tokens: 1000, tokensASecond: 0 } : { connections: 64, streams: 64, tokens: r * s, tokensASecond: r };
const out = await world.run(relay, run);
console.log(runtime, which, rate, (out.cpuMs / ((run.streams * run.tokens) / 1000)).toFixed(1), "ms/1000");
if (perf) { perf.kill("SIGINT"); await new Promise((res) => perf.once("exit", res)); }
await relay.stop();
world.stop();
