// workerd, the runtime of Cloudflare Workers.
import { existsSync, mkdtempSync, rmSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FunctionsOptions, RuntimeCommand } from "./functions-runtime.ts";
import { StartError } from "./part.ts";

const compatibilityDate = "2026-11-01";

export function workerdCommand(output: string, options: FunctionsOptions): RuntimeCommand {
  const directory = mkdtempSync(join(tmpdir(), "fabula-workerd-"));
  const configuration = join(directory, "workerd.capnp");
  const names = Object.keys(options.environment);
  writeFileSync(configuration, configure(join(output, "cloudflare"), names, options.port));
  return {
    file: findWorkerd(options.root),
    arguments: ["serve", "--control-fd=3", "--import-path=/", configuration],
    environment: options.environment,
    listens: "control",
    cleanUp: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Bindings name the environment's variables, so that no secret is written to a file. */
function configure(directory: string, bindings: string[], port: number): string {
  const embed = (file: string) => `embed ${JSON.stringify(join(directory, file))}`;
  const modules = readdirSync(directory)
    .filter((file) => file.endsWith(".wasm"))
    .map((file) => `(name = ${JSON.stringify(file)}, wasm = ${embed(file)})`);
  modules.unshift(`(name = "worker.js", esModule = ${embed("worker.js")})`);
  const variables = bindings.map(
    (name) => `(name = ${JSON.stringify(name)}, fromEnvironment = ${JSON.stringify(name)})`,
  );
  // The same layout as a Worker's assets on the platform.
  const files = join(directory, "files");
  const services: string[] = [];
  if (existsSync(files)) {
    services.push(`(name = "files", disk = ${JSON.stringify(files)}),`);
    variables.push(`(name = "FILES", service = "files")`);
  }
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "functions", worker = .functions),
    ${services.join("\n    ")}
    # Loopback too: the database and the model of a development server are there.
    (name = "network", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true),
    )),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "functions"),
  ],
);

const functions :Workerd.Worker = (
  modules = [
    ${modules.join(",\n    ")},
  ],
  bindings = [
    ${variables.join(",\n    ")}
  ],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ["enable_request_signal"],
  globalOutbound = "network",
);
`;
}

// As with deno: from the platform's package, without an install script.
function findWorkerd(root: string): string {
  const require = createRequire(join(root, "package.json"));
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@cloudflare/workerd-${platform}-${process.arch === "x64" ? "64" : "arm64"}`;
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), "bin", "workerd");
  } catch {
    throw new StartError(`The package ${name} is missing. Run: npm ci`);
  }
}
