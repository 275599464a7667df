// Checks a function's module: its imports and exports against the ABI, its size against the limits.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { wasmInterface } from "./wasm-interface.mjs";

// A module is loaded at every cold start. What only asks the database fits into the first, what asks
// models, in each of the three formats that they speak, into the second. Who folds dossiers has the whole
// core, with its tables of Unicode; nobody waits for its first token.
const limits = { bytes: 120_000, gzipBytes: 52_000 };
const limitsOfModelCallers = { bytes: 220_000, gzipBytes: 100_000 };
const limitsOfFolders = { bytes: 400_000, gzipBytes: 175_000 };
// The words about every route.
const limitsOfDocumentation = { bytes: 150_000, gzipBytes: 60_000 };
const modelCallers = new Set(["chat", "stream"]);
const folders = new Set(["dossier", "tasks"]);

const abi = JSON.parse(readFileSync(new URL("../../wasm/abi/abi.json", import.meta.url), "utf8"));
const wasmTypes = { u32: "i32", i32: "i32", ptr: "i32", f64: "f64" };

function signature({ params, result }) {
  const parameters = params.map(({ type }) => wasmTypes[type]).join(", ");
  return `(${parameters}) -> (${result === null ? "" : wasmTypes[result]})`;
}

/** What is wrong with the module, in sentences; empty when nothing is. */
export function interfaceFaults(bytes) {
  const { imports, exports } = wasmInterface(bytes);
  const known = new Map(abi.imports.map((entry) => [entry.name, signature(entry)]));
  const offered = new Map(exports.map((entry) => [entry.name, entry.signature]));
  const faults = [];
  for (const { module, name, signature: found } of imports) {
    if (module !== abi.module) {
      faults.push(`it imports ${module}.${name}: a function may import "${abi.module}" alone`);
    } else if (known.get(name) !== found) {
      faults.push(`it imports ${name} as ${found}; the ABI has ${known.get(name) ?? "none"}`);
    }
  }
  for (const entry of abi.exports) {
    const found = offered.get(entry.name);
    if (found !== signature(entry)) {
      const offer = found ?? "nothing";
      faults.push(`it exports ${entry.name} as ${offer}; the ABI has ${signature(entry)}`);
    }
  }
  return faults;
}

export function sizeFaults(bytes, name) {
  const largest = folders.has(name)
    ? limitsOfFolders
    : modelCallers.has(name)
      ? limitsOfModelCallers
      : name === "docs"
        ? limitsOfDocumentation
        : limits;
  const gzipBytes = gzipSync(bytes, { level: 9 }).length;
  const faults = [];
  if (bytes.length > largest.bytes) faults.push(`it is larger than ${largest.bytes} bytes`);
  if (gzipBytes > largest.gzipBytes) {
    faults.push(`it is larger than ${largest.gzipBytes} bytes gzipped`);
  }
  return { gzipBytes, faults };
}
