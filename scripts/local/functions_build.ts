// The functions' sources, and the command that builds them: scripts/build.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { FunctionsBuild } from "./part_starters.ts";
import type { Runtime } from "./settings.ts";

const SOURCES = [
  "CMakeLists.txt",
  "CMakePresets.json",
  "cmake",
  "functions",
  "scripts/build",
  "scripts/steps",
  "shared",
  "wasm",
];

export function functionsBuild(root: string, runtime: Runtime): FunctionsBuild {
  return {
    command: [join(root, "scripts/build")],
    sources: SOURCES.map((path) => join(root, path)),
    output: join(root, "build", runtime === "deno" ? "deno" : "cloudflare"),
    functions: readdirSync(join(root, "functions")),
    migrations: join(root, "supabase/migrations"),
  };
}
