// Deno, in the version whose engine Supabase runs.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { FunctionsOptions, RuntimeCommand } from "./functions-runtime.ts";
import { StartError } from "./part.ts";

export function denoCommand(output: string, options: FunctionsOptions): RuntimeCommand {
  return {
    file: findDeno(options.root),
    arguments: [
      "run",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-npm",
      // The network, and the environment, which only has the settings below.
      "--allow-net",
      "--allow-env",
      join(output, "deno", "main.js"),
    ],
    environment: {
      ...options.environment,
      FABULA_FUNCTIONS_PORT: String(options.port),
      DENO_DIR: join(output, "deno-cache"),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
    },
    listens: "stdout",
  };
}

// The program is in the package for its platform. npm's `deno` package would link it to another
// place in an install script, which newer npm versions do not run.
export function findDeno(root: string): string {
  const require = createRequire(join(root, "package.json"));
  const architecture = process.arch === "x64" ? "x64" : "arm64";
  const platforms: Record<string, string> = { linux: "linux", darwin: "darwin", win32: "win32" };
  const suffix = process.platform === "linux" ? "-glibc" : "";
  const name = `@deno/${platforms[process.platform]}-${architecture}${suffix}`;
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), "deno");
  } catch {
    throw new StartError(`The package ${name} is missing. Run: npm ci`);
  }
}
