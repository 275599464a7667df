// @ts-check
// Starts the development server's process (run.ts). If this process is killed, the server sees its
// standard input close and stops.

/** @import { ProcessGroups } from "./process_groups.mjs" */

/** The line on the server's standard input after the functions are built. */
export const FUNCTIONS_BUILT = "functions built";

/**
 * @param {ProcessGroups} groups
 * @param {string} program the bundled main.ts
 * @param {string[]} options as run.ts knows them
 */
export function startServer(groups, program, options = []) {
  const args = ["--enable-source-maps", program, "--leads-group", ...options];
  const { child, ended } = groups.start(process.execPath, args, {
    stdio: ["pipe", "inherit", "inherit"],
    name: "the development server",
    endsItsGroup: true,
  });
  // `ended` reports its end; a write error on its standard input adds nothing.
  child.stdin?.on("error", () => {});
  return { ended, functionsBuilt: () => child.stdin?.write(`${FUNCTIONS_BUILT}\n`) };
}
