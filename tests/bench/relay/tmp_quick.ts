// quick: runtime rate secs rounds kinds(comma)
import { fileURLToPath } from "node:url";
import { World, OURS, OURS_UNCOALESCED, TYPESCRIPT, PASS_THROUGH } from "./world.ts";
import { median } from "./statistics.ts";
const [runtime, rates, secs, rounds, kinds] = process.argv.slice(2);
const world = new World(fileURLToPath(new URL("../../..", import.meta.url)));
await world.start();
const old = (kind: typeof OURS, output: string) => ({ ...kind, output, title: kind.title + " " + output });
const table: Record<string, typeof OURS> = { a: PASS_THROUGH, b: TYPESCRIPT, c: OURS, c0: OURS_UNCOALESCED, oc: old(OURS, "bench/old"), oc0: old(OURS_UNCOALESCED, "bench/old") };
const relays = await Promise.all(kinds!.split(",").map((k) => world.startRelay(table[k]!, runtime as never)));
for (const relay of relays) await world.run(relay, { connections: 16, streams: 48, tokens: 1000, tokensASecond: 0 });
for (const r of rates!.split(",").map(Number)) {
  const s = Number(secs);
  const run = r === 0 ? { connections: 16, streams: 32 * s, tokens: 1000, tokensASecond: 0 } : { connections: 64, streams: 64, tokens: r * s, tokensASecond: r };
  const samples = relays.map((): number[] => []);
  const pieces = relays.map((): number[] => []);
  for (let i = 0; i < Number(rounds); i += 1)
    for (const [k, relay] of relays.entries()) {
      const out = await world.run(relay, run);
      samples[k]!.push(out.cpuMs / ((run.streams * run.tokens) / 1000));
      pieces[k]!.push(out.pieces / ((run.streams * run.tokens) / 1000));
    }
  console.log(runtime, r, relays.map(({ kind }, k) => `${kind.title}: ${median(samples[k]!).toFixed(1)} (${(median(samples[k]!.map((x, i) => x / samples[0]![i]!))).toFixed(2)}) p${median(pieces[k]!).toFixed(0)}`).join(" | "));
}
for (const relay of relays) await relay.stop();
world.stop();
