// node tests/bench/relay/bundle.mjs OUT: bundles the relays in TypeScript, each for both runtimes,
// like scripts/build does for the functions: OUT/<relay>/deno/main.js,
// OUT/<relay>/cloudflare/worker.js. Also the functions of build/ again, with a counter of their host
// calls: OUT/counted.
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const relays = join(root, "tests/bench/relay/relays");
const out = process.argv[2];

const bundle = (entry, outfile, options = {}) =>
  build({
    absWorkingDir: root,
    entryPoints: [join(relays, entry)],
    outfile: join(root, out, outfile),
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    target: "es2022",
    logLevel: "warning",
    ...options,
  });

for (const relay of ["pass_through", "asking", "reading", "typescript"]) {
  const alias = { relay: join(relays, `${relay}.ts`) };
  await bundle("deno_entry.ts", `${relay}/deno/main.js`, { alias });
  await bundle("workerd_entry.ts", `${relay}/cloudflare/worker.js`, { alias });
}

const built = join(root, "build");
const chat = join(built, "wasi/functions/chat.wasm");
await bundle("starting_deno.ts", "starting/deno/main.js", {
  alias: { "chat.wasm": chat },
  loader: { ".wasm": "binary" },
});
await bundle("starting_workerd.ts", "starting/cloudflare/worker.js", { external: ["*.wasm"] });
cpSync(chat, join(root, out, "starting/cloudflare/chat.wasm"));
await bundle("starting_empty.ts", "starting_empty/cloudflare/worker.js", { external: ["*.wasm"] });
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
writeFileSync(join(root, out, "starting_empty/cloudflare/empty.wasm"), emptyModule);
await bundle("counted_deno.ts", "counted/deno/main.js", {
  alias: { functions: join(built, "deno/main.js") },
});
await bundle("counted_workerd.ts", "counted/cloudflare/worker.js", {
  alias: { functions: join(built, "cloudflare/worker.js") },
  external: ["*.wasm"],
});
for (const file of readdirSync(join(built, "cloudflare"))) {
  if (file.endsWith(".wasm")) {
    cpSync(join(built, "cloudflare", file), join(root, out, "counted/cloudflare", file));
  }
}
