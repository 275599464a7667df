// The development server with scripted parts, each a process as the real ones are. What a part does
// is told by environment variables: SCRIPTED_<PART>=fails to start, =dies.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LineLog, Part } from "../../../scripts/local/part.ts";
import { run } from "../../../scripts/local/run.ts";

const root = process.cwd();

process.exit(
  await run(root, {
    startDatabase: ({ port, log }) => startScriptedPart("database", port, log, {}),
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
    child.on("exit", (code) => resolve(`exit status ${code}`));
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
