// Checks a function's module: its imports and exports against the ABI, its size against the limit.
import { readFileSync } from "node:fs";
import { wasmInterface } from "./wasm-interface.mjs";

// Far below the platforms' limits (Workers 64 MiB, Supabase 20 MB): a larger module contains
// something by mistake. The largest ones, story and tasks, link nearly everything; V8 makes a module
// of 440 kB ready in 7 ms, as it does one of 395 kB.
export const mostGzipBytes = 500_000;

const abi = JSON.parse(readFileSync(new URL("../../wasm/abi/abi.json", import.meta.url), "utf8"));
const wasmTypes = { u32: "i32", i32: "i32", ptr: "i32", f64: "f64" };

function signature({ params, result }) {
  const parameters = params.map(({ type }) => wasmTypes[type]).join(", ");
  return `(${parameters}) -> (${result === null ? "" : wasmTypes[result]})`;
}

/** The module's faults, in sentences; empty when there are none. */
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

/** The faults of a module's gzipped size; empty when there are none. */
export function sizeFaults(gzipBytes) {
  return gzipBytes > mostGzipBytes ? [`it is larger than ${mostGzipBytes} bytes gzipped`] : [];
}
