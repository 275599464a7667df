// Runs a development server until it is asked to stop, and gives the exit status.
import { DevelopmentServer } from "./development_server.ts";
import { explain } from "./explain.ts";
import type { PartStarters } from "./part_starters.ts";
import { readSettings } from "./settings.ts";

// Given by the supervisor: in this process's group is nothing but what it started.
const LEADS_GROUP = "--leads-group";

export async function run(root: string, starters: PartStarters): Promise<number> {
  // The terminal may go away before the server does; that is no reason to leave anything undone.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});

  let server: DevelopmentServer | undefined;
  try {
    const settings = readSettings(root, process.env);
    const print = (line: string) => console.log(line);
    server = new DevelopmentServer({ root, settings, environment: process.env, starters, print });
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
