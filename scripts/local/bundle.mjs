// Bundles the development server's programs into build/local, or other entry points elsewhere: node
// scripts/local/bundle.mjs [OUT_DIR ENTRY...]. Packages are not included: they are loaded as
// installed.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [outdir = "build/local", ...given] = process.argv.slice(2);
const own = ["supervisor", "main", "status"].map((name) => `scripts/local/${name}.ts`);

await build({
  absWorkingDir: root,
  entryPoints: given.length > 0 ? given : own,
  outdir,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "warning",
});
