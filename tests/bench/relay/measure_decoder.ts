// The cost of reading a chunk: shared/llm in WebAssembly, including framing, against TextDecoder
// and JSON.parse of the same engine, which only get the event's data.
import { readFileSync } from "node:fs";
import type { Scale } from "./main.ts";
import { cpuMs } from "./process_usage.ts";
import { median } from "./statistics.ts";
import { printTable } from "./table.ts";
import { TYPESCRIPT, type RelayKind, type Runtime, type World } from "./world.ts";

const DECODER: RelayKind = { title: "decoder", output: "bench/relay/guests", path: "/decoder" };
const RECORDINGS = ["openai-text", "deepseek-text", "groq-text", "mistral-text", "xai-text"];
const CHUNKS_A_RUN = 400_000;
const WARM_UP_CHUNKS = 100_000;

export async function measureDecoder(world: World, runtime: Runtime, scale: Scale): Promise<void> {
  const [guest, script] = await Promise.all([
    world.startRelay(DECODER, runtime),
    world.startRelay(TYPESCRIPT, runtime),
  ]);
  try {
    const rows: string[][] = [];
    for (const recording of RECORDINGS.slice(0, scale.isSmoke ? 1 : undefined)) {
      const body = readFileSync(`${scale.root}/tests/fixtures/${recording}.chunks.txt`, "utf8");
      const lines = body.trimEnd().split("\n");
      const events = lines.map((line) => `data: ${line}\n\n`).join("");
      const oursUs: number[] = [];
      const theirsUs: number[] = [];
      const run = async (chunks: number): Promise<void> => {
        const repeats = Math.ceil(chunks / lines.length);
        const microseconds = async (processId: number, decode: () => Promise<Response>) => {
          const before = cpuMs(processId);
          const answer = await decode();
          if (!answer.ok || Number(await answer.text()) === 0) throw new Error(`${recording}: no text`);
          return (1000 * (cpuMs(processId) - before)) / (repeats * lines.length);
        };
        const headers = { "x-repeats": String(repeats) };
        const ours = () => fetch(guest.url, { method: "POST", headers, body: events });
        const theirs = () =>
          fetch(new URL(`/decode?repeats=${repeats}`, script.url), { method: "POST", body });
        oursUs.push(await microseconds(guest.processId, ours));
        theirsUs.push(await microseconds(script.processId, theirs));
      };
      if (!scale.isSmoke) {
        await run(WARM_UP_CHUNKS);
        oursUs.length = theirsUs.length = 0;
      }
      for (let round = 0; round < scale.rounds; round += 1) {
        await run(scale.isSmoke ? 5000 : CHUNKS_A_RUN);
      }
      const [ours, theirs] = [median(oursUs), median(theirsUs)];
      rows.push([
        recording,
        (body.length / lines.length).toFixed(0),
        ours.toFixed(3),
        theirs.toFixed(3),
        (theirs / ours).toFixed(1),
      ]);
    }
    printTable(
      `${runtime}: microseconds of CPU for each chunk that is decoded`,
      ["recording", "bytes a chunk", "ours", "TextDecoder and JSON.parse", "times faster"],
      rows,
      "3 times is wanted",
    );
  } finally {
    await guest.stop();
    await script.stop();
  }
}
