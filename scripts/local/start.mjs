// @ts-check
// ./scripts/dev: checks, sets up missing parts, builds and runs the development server until it is
// asked to stop. Independent steps run concurrently: npm packages are installed while the compiler
// is installed and works, and the server starts with them, so that its database is ready when the
// functions are.
import { fileURLToPath } from "node:url";
import { explain } from "./explain.mjs";
import { CommandFailed, ProcessGroups } from "./process_groups.mjs";
import { startServer } from "./server_process.mjs";
import { checkBeforeStart } from "./start_checks.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const groups = new ProcessGroups();
groups.stopOnSignals();

/**
 * @param {string} file
 * @param {string[]} args
 */
const run = (file, ...args) =>
  groups.run(file, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

async function start() {
  await checkBeforeStart(root, process.env);
  const options = ["--set-up", `--since=${Date.now()}`];
  const compiled = run("scripts/setup", "toolchain").then(() => run("scripts/build", "modules"));
  const server = run("scripts/setup", "packages")
    .then(() => run(process.execPath, "scripts/local/bundle.mjs"))
    .then(() => startServer(groups, `${root}build/local/main.js`, options));
  const built = Promise.all([compiled, server])
    .then(() => run("scripts/build", "bundles"))
    .then(async () => void (await server).functionsBuilt());
  // Before everything is built, it ends only if it cannot run.
  const ended = server.then(({ ended }) => ended);
  return Promise.race([ended, built.then(() => ended)]);
}

try {
  const status = await start();
  // A server that is stopped before it handles signals ends by one.
  process.exitCode = groups.isStopping ? 0 : status;
} catch (error) {
  process.exitCode = groups.isStopping ? 0 : 1;
  // A command that failed has printed the reason itself.
  if (!(error instanceof CommandFailed)) console.error(`fabula: ${explain(error)}`);
} finally {
  await groups.stop();
}
