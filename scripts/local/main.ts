// The development server's process, with the real parts. Bundled to build/local/main.js.
import { fileURLToPath } from "node:url";
import { startDatabase } from "./database.ts";
import { functionsBuild } from "./functions_build.ts";
import { startFunctions } from "./functions-runtime.ts";
import { startLocalModel } from "./model-process.ts";
import { setUpLocalModel } from "./model_setup.ts";
import { chooseProvider } from "./providers.ts";
import { run } from "./run.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
process.exit(
  await run(root, {
    startDatabase,
    chooseProvider,
    setUpLocalModel,
    startLocalModel,
    startFunctions,
    functionsBuild,
  }),
);
