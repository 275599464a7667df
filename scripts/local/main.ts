// The development server's process, with the real parts. Bundled to build/local/main.js.
import { fileURLToPath } from "node:url";
import { startDatabase } from "./database.ts";
import { startFunctions } from "./functions-runtime.ts";
import { startLocalModel } from "./model-process.ts";
import { chooseProvider } from "./providers.ts";
import { run } from "./run.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
process.exit(await run(root, { startDatabase, chooseProvider, startLocalModel, startFunctions }));
