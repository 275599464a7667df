// Starts the development server with what has been set up and built, and ends it with all that it
// started. ./scripts/dev does the same after setting up and building: start.mjs.
import { fileURLToPath } from "node:url";
import { ProcessGroups } from "./process_groups.mjs";
import { startServer } from "./server_process.mjs";

const groups = new ProcessGroups();
groups.stopOnSignals();
const program = fileURLToPath(new URL("./main.js", import.meta.url));
process.exit(await startServer(groups, program).ended);
