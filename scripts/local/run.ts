// Runs a development server until it is asked to stop, and gives the exit status.
import { createInterface } from "node:readline";
import { DevelopmentServer } from "./development_server.ts";
import { explain } from "./explain.mjs";
import type { PartStarters } from "./part_starters.ts";
import { FUNCTIONS_BUILT } from "./server_process.mjs";
import { readSettings } from "./settings.ts";

// Given by the supervisor: in this process's group is nothing but what it started.
const LEADS_GROUP = "--leads-group";
// Given by ./scripts/dev: the functions are there when the standard input says so, and the local model
// is fetched if it is missing.
const SET_UP = "--set-up";
// Given by ./scripts/dev: when the build began, in milliseconds; what has changed since is built again.
const SINCE = "--since=";

export async function run(root: string, starters: PartStarters): Promise<number> {
  // The terminal may go away before the server does; that is no reason to leave anything undone.
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
    // Whatever a part has left behind, the supervisor would have ended.
    if (supervisor.isGone && process.argv.includes(LEADS_GROUP)) process.kill(0, "SIGKILL");
  }
}

// It holds the other end of the standard input, which closes when it ends, whatever ended it.
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
