// Starts the development server with the existing set-up and build, and ends it with everything
// that it started. ./scripts/dev does the same after setting up and building: start.mjs.
import { fileURLToPath } from "node:url";
import { ProcessGroups } from "./process_groups.mjs";
import { startServer } from "./server_process.mjs";

const groups = new ProcessGroups();
groups.stopOnSignals();
const program = fileURLToPath(new URL("./main.js", import.meta.url));
process.exit(await startServer(groups, program).ended);
