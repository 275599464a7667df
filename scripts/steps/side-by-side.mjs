// node scripts/steps/side-by-side.mjs COMMAND...
// Runs shell commands concurrently. When one fails, or this process is told to end, all end.
import { CommandFailed, ProcessGroups } from "../local/process_groups.mjs";

const groups = new ProcessGroups();
groups.stopOnSignals();
const stdio = ["ignore", "inherit", "inherit"];
const commands = process.argv.slice(2);
try {
  await Promise.all(commands.map((command) => groups.run("sh", ["-c", command], { stdio })));
} catch (error) {
  // The command has printed the reason.
  if (!(error instanceof CommandFailed)) console.error(error);
  process.exitCode = 1;
  await groups.stop();
}
