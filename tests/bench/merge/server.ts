// A function's work on a dossier between its two calls of the database: the rows of the log are
// parsed and merged, one more delivery is merged into them, and the data to store is written. Each
// round is a new instance of the module, as for a request that finds no warm one.
import { readFileSync } from "node:fs";
import type { DossierEntry } from "../../../wasm/browser/fabula.ts";

// The most that the database returns at once (private.read_log).
const PAGE_ROWS = 1000;

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

/** Gives and parses the rows page by page; the milliseconds that the guest took for it. */
function load(guest: Guest, rows: DossierEntry[]): number {
  let took = 0;
  for (let at = 0; at < rows.length; at += PAGE_ROWS) {
    give(guest, rows.slice(at, at + PAGE_ROWS));
    const began = performance.now();
    if (guest.bench_load() === 0) throw new Error("the guest has not understood the rows");
    took += performance.now() - began;
  }
  return took;
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
    const loading = load(guest, before);
    times.load.push(loading);
    give(guest, delivery);
    const merging = timed(times.merge, () => guest.bench_merge());
    times.all.push(loading + merging + timed(times.store, () => guest.bench_store()));
  }
  return times;
}

/** The memory of an instance with these rows merged and written, in bytes. */
export function measureMemory(rows: DossierEntry[]): number {
  const guest = instantiate(loadModule());
  load(guest, rows);
  guest.bench_store();
  return guest.memory.buffer.byteLength;
}
