// node --no-warnings scripts/steps/run-wasi.mjs PROGRAM.wasm
// Runs a program that the build has made for WASI: it may write, and reads nothing.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", returnOnExit: true });
const module = new WebAssembly.Module(readFileSync(path));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
