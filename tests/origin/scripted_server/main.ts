// The development server with scripted parts, each a process like the real ones. Environment
// variables control the parts: SCRIPTED_<PART>=fails to start, =dies. SCRIPTED_BUILD names a folder
// with `sources`, `migrations`, their result, `output`, and `build`, which makes it.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LineLog, Part } from "../../../scripts/local/part.ts";
import { run } from "../../../scripts/local/run.ts";

const root = process.cwd();
const build = process.env["SCRIPTED_BUILD"] ?? "";

process.exit(
  await run(root, {
    startDatabase: ({ port, log }) => startScriptedPart("database", port, log, {}),
    setUpLocalModel: () => Promise.resolve(),
    functionsBuild: () => ({
      command: ["sh", join(build, "build")],
      sources: [join(build, "sources")],
      output: join(build, "output"),
      functions: ["chat", "stream"],
      migrations: join(build, "migrations"),
    }),
    startLocalModel: ({ port, log }) => startScriptedPart("model", port, log, {}),
    startFunctions: ({ port, log, environment }) => {
      return startScriptedPart("functions", port, log, environment);
    },
    chooseProvider: () => {
      return Promise.resolve({
        kind: "local",
        route: "local:x",
        settings: {},
        notice: "test model",
      });
    },
  }),
);

async function startScriptedPart(
  name: string,
  port: number,
  log: LineLog,
  environment: Record<string, string>,
): Promise<Part> {
  const program = fileURLToPath(new URL("./part.js", import.meta.url));
  const child = spawn(process.execPath, [program, name, String(port)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const exited = new Promise<string>((resolve) => {
    child.on("exit", (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", log);
  }
  const listening = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  const reason = await Promise.race([listening, exited]);
  if (reason !== undefined) throw new Error(reason);
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { url: `http://127.0.0.1:${port}`, stop, ended: exited };
}
