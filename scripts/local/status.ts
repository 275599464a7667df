// ./scripts/status: prints the same as ./scripts/dev, from the state file of the running server.
import { fileURLToPath } from "node:url";
import { curlCommand, keyLines } from "./announcement.ts";
import { explain } from "./explain.mjs";
import { readDataDir } from "./settings.ts";
import { findRunning } from "./state.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)); // Runs as build/local/status.js.

process.exitCode = await status();

async function status(): Promise<number> {
  try {
    const dataDir = readDataDir(root, process.env);
    const state = await findRunning(dataDir);
    if (!state?.ready) {
      const absent = `not running on ${dataDir}: ./scripts/dev starts it`;
      console.log(state ? `starting: ${state.url}` : absent);
      return 1;
    }
    const lines = [`API_URL=${state.url}`, ...keyLines(state), "", curlCommand(state.url)];
    console.log(lines.join("\n"));
    return 0;
  } catch (error) {
    console.error(`fabula: ${explain(error)}`);
    return 1;
  }
}
