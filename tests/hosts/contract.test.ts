import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { findDeno } from "../../scripts/local/functions-deno.ts";
import { output, root } from "./both-hosts.ts";

// Loaded like the build does, not bundled: it reads the ABI's table by a relative path.
const { interfaceFaults, mostGzipBytes, sizeFaults } = (await import(
  join(root, "scripts/steps/check-module.mjs")
)) as {
  interfaceFaults(bytes: Uint8Array): string[];
  mostGzipBytes: number;
  sizeFaults(gzipBytes: number): string[];
};

test("the C++ and the TypeScript side of the ABI are those of its table", () => {
  execFileSync(join(root, "scripts/generate-abi"), ["--check"]);
});

/** A module that imports one function without parameters and results, and exports nothing. */
function moduleImporting(module: string, name: string): Buffer {
  const text = (value: string) => [value.length, ...Buffer.from(value)];
  const section = (id: number, contents: number[]) => [id, contents.length, ...contents];
  return Buffer.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...text(module), ...text(name), 0, 0]),
  ]);
}

test("the build accepts a guest that keeps to the ABI", () => {
  const bytes = readFileSync(join(output, "cloudflare/raw.wasm"));
  assert.deepEqual(interfaceFaults(bytes), []);
});

test("the build refuses imports and exports that the ABI does not have", () => {
  const faults = (module: string, name: string) =>
    interfaceFaults(moduleImporting(module, name)).join("\n");
  assert.match(faults("wasi_snapshot_preview1", "fd_write"), /imports wasi_.*: a function may/);
  assert.match(faults("fabula", "teleport"), /imports teleport .*the ABI has none/);
  assert.match(faults("fabula", "clock_ms"), /imports clock_ms .*the ABI has \(i32\) -> \(f64\)/);
  assert.doesNotMatch(faults("fabula", "clock_ms"), /_initialize as \(\)/);
  assert.match(faults("fabula", "clock_ms"), /exports fabula_start as nothing/);
});

test("the build refuses a module that is too large", () => {
  assert.deepEqual(sizeFaults(mostGzipBytes), []);
  assert.deepEqual(sizeFaults(mostGzipBytes + 1), [`it is larger than ${mostGzipBytes} bytes gzipped`]);
});

test("a folder for Supabase works alone, wherever it lies", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fabula-supabase-"));
  cpSync(join(output, "supabase/raw"), join(directory, "raw"), { recursive: true });
  // Stands in for the platform: it chooses the port, and offers waitUntil.
  writeFileSync(
    join(directory, "platform.js"),
    `globalThis.EdgeRuntime = { waitUntil: (work) => work.then(() => console.log("done")) };
     const serve = Deno.serve;
     Deno.serve = (_, handler) => serve({ port: 0, hostname: "127.0.0.1",
       onListen: ({ port }) => console.log(port) }, handler);
     await import("./raw/index.ts");`,
  );
  const deno = spawn(
    findDeno(root),
    [
      ...["run", "--no-prompt", "--no-remote", "--allow-net", "--allow-env"],
      `--allow-read=${directory}`,
      join(directory, "platform.js"),
    ],
    { env: { DENO_DIR: join(output, "deno-cache"), NO_COLOR: "1" } },
  );
  try {
    const lines = createInterface({ input: deno.stdout })[Symbol.asyncIterator]();
    const port = (await lines.next()).value as string;
    const response = await fetch(`http://127.0.0.1:${port}/raw/answer?status=201`);
    assert.equal(response.status, 201);
    assert.equal(await response.text(), "body");
    assert.equal((await lines.next()).value, "done");
  } finally {
    deno.kill();
    rmSync(directory, { recursive: true });
  }
});
