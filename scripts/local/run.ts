// Runs a development server until it is asked to stop, and returns the exit status.
import { createInterface } from "node:readline";
import { DevelopmentServer } from "./development_server.ts";
import { explain } from "./explain.mjs";
import type { PartStarters } from "./part_starters.ts";
import { FUNCTIONS_BUILT } from "./server_process.mjs";
import { readSettings } from "./settings.ts";

// Passed by the supervisor: this process's group contains only processes that it started.
const LEADS_GROUP = "--leads-group";
// Passed by ./scripts/dev: the standard input announces that the functions are built, and a missing
// local model is fetched.
const SET_UP = "--set-up";
// Passed by ./scripts/dev: when the build began, in milliseconds; later changes are built again.
const SINCE = "--since=";

export async function run(root: string, starters: PartStarters): Promise<number> {
  // The terminal may go away before the server does; the server must still end properly.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});

  let server: DevelopmentServer | undefined;
  try {
    const settings = readSettings(root, process.env);
    const print = (line: string) => console.log(line);
    const setUp = process.argv.includes(SET_UP);
    server = new DevelopmentServer({
      ...{ root, settings, environment: process.env, starters, print, setUp },
      sourcesSince_ms: Number(optionValue(SINCE) ?? Infinity),
      functionsBuilt: setUp ? functionsBuilt() : Promise.resolve(),
    });
    await Promise.race([server.run(), stopAsked()]);
    return 0;
  } catch (error) {
    console.error(`fabula: ${explain(error)}`);
    return 1;
  } finally {
    await server?.stop();
    // The supervisor would have ended everything that a part has left behind.
    if (supervisor.isGone && process.argv.includes(LEADS_GROUP)) process.kill(0, "SIGKILL");
  }
}

// The supervisor holds the other end of the standard input, which closes when it ends, for any reason.
const supervisor = { isGone: false };

function optionValue(prefix: string): string | undefined {
  return process.argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
}

function functionsBuilt(): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: process.stdin }).on("line", (line) => {
      if (line === FUNCTIONS_BUILT) resolve();
    });
  });
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve());
    const leave = () => {
      supervisor.isGone = true;
      resolve();
    };
    process.stdin.on("close", leave).on("error", leave).resume();
  });
}
