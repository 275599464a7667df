// node scripts/steps/bundle-browser.mjs [BUILD_DIR]
// Bundles what Emscripten made in BUILD_DIR/module (`cmake --build --preset browser`) with its
// wrapper, wasm/browser: BUILD_DIR/fabula.js, fabula.wasm and fabula.d.ts, for any web page.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = resolve(root, process.argv[2] ?? "build/browser");
const entry = join(root, "wasm/browser/fabula.ts");

await build({
  entryPoints: [entry],
  outfile: join(out, "fabula.js"),
  alias: { "fabula-core": join(out, "module/fabula.mjs") },
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});
copyFileSync(join(out, "module/fabula.wasm"), join(out, "fabula.wasm"));

// The entry point contains all public types, so its declarations are complete.
const declarations = join(out, "declarations");
execFileSync(
  process.execPath,
  [
    join(root, "node_modules/typescript/bin/tsc"),
    ...["--project", join(root, "wasm/browser/tsconfig.json"), "--outDir", declarations],
  ],
  { stdio: "inherit" },
);
copyFileSync(join(declarations, "fabula.d.ts"), join(out, "fabula.d.ts"));

for (const name of ["fabula.js", "fabula.wasm"]) {
  const bytes = readFileSync(join(out, name));
  console.log(`${name} ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`);
}
