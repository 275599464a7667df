// node --no-warnings scripts/steps/run-wasi.mjs PROGRAM.wasm
// Runs a WASI program of the build: it may write, and reads nothing.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", returnOnExit: true });
const module = new WebAssembly.Module(readFileSync(path));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
