// Fetches the local model and its server's packages when they are missing: ./scripts/setup model.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { StartError } from "./part.ts";
import type { SetUpOptions } from "./part_starters.ts";

/** Rejects with set-up's own last line. */
export async function setUpLocalModel({ root, print, signal }: SetUpOptions): Promise<void> {
  // The compiler, which works at the same time, has priority.
  const [file, ...args] = ["nice", "-n", "10", join(root, "scripts/setup"), "model"];
  const child = spawn(file ?? "", args, { stdio: ["ignore", "pipe", "pipe"], signal });
  let reason = "";
  createInterface({ input: child.stdout }).on("line", print);
  createInterface({ input: child.stderr }).on("line", (line) => (reason = line));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status !== 0) throw new StartError(reason || `./scripts/setup model ended with ${status}`);
}
