// What a function does with a dossier between its two calls of the database: the rows of the log are
// parsed and merged, one more delivery is merged into them, and what is stored is written. Each round
// is a new instance of the module, as for a request that finds no warm one.
import { readFileSync } from "node:fs";
import type { DossierEntry } from "../../../wasm/browser/fabula.ts";

const PAGE_BYTES = 65_536;

interface Guest {
  memory: WebAssembly.Memory;
  _initialize(): void;
  bench_text(bytes: number): number;
  bench_load(): number;
  bench_merge(): number;
  bench_store(): number;
}

export interface ServerTimes {
  load: number[];
  merge: number[];
  store: number[];
  all: number[];
}

function instantiate(module: WebAssembly.Module): Guest {
  const imports: Record<string, () => never> = {};
  for (const { name } of WebAssembly.Module.imports(module)) {
    imports[name] = () => {
      throw new Error(`the guest has called ${name}`);
    };
  }
  const { exports } = new WebAssembly.Instance(module, { fabula: imports });
  const guest = exports as unknown as Guest;
  guest._initialize();
  return guest;
}

function give(guest: Guest, rows: DossierEntry[]): void {
  const answer = { head: rows.length, folded_to: 0, log_start: 0, entries: rows };
  const bytes = new TextEncoder().encode(JSON.stringify(answer));
  const address = guest.bench_text(bytes.length);
  new Uint8Array(guest.memory.buffer, address, bytes.length).set(bytes);
}

function loadModule(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync("build/wasi/functions/dossier_merge.wasm"));
}

export function measureServer(before: DossierEntry[], delivery: DossierEntry[], rounds: number): ServerTimes {
  const module = loadModule();
  const times: ServerTimes = { load: [], merge: [], store: [], all: [] };
  const timed = (list: number[], work: () => number): number => {
    const began = performance.now();
    if (work() === 0) throw new Error("the guest has not understood the rows");
    const took = performance.now() - began;
    list.push(took);
    return took;
  };
  for (let round = 0; round < rounds; round += 1) {
    const guest = instantiate(module);
    give(guest, before);
    const load = timed(times.load, () => guest.bench_load());
    give(guest, delivery);
    const merge = timed(times.merge, () => guest.bench_merge());
    times.all.push(load + merge + timed(times.store, () => guest.bench_store()));
  }
  return times;
}

/** The memory of an instance with these rows merged and written, and how much of it each row took. */
export function measureMemory(rows: DossierEntry[]): { bytes: number; bytesARow: number } {
  const guest = instantiate(loadModule());
  const empty = guest.memory.buffer.byteLength;
  give(guest, rows);
  guest.bench_merge();
  guest.bench_store();
  const bytes = guest.memory.buffer.byteLength;
  return { bytes, bytesARow: Math.ceil((bytes - empty) / PAGE_BYTES) * PAGE_BYTES / rows.length };
}
