// @ts-check
// Checks before anything is fetched or built. They need only Node.
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { checkDiskSpace, checkDiskSpaceForSetUp } from "./disk_space.mjs";
import { listen } from "./ports.mjs";
import { readSettings } from "./settings_rules.mjs";

/** @import { Environment } from "./settings.ts" */

/**
 * Rejects when the settings are wrong, the disk is full or the port is in use.
 * @param {string} root
 * @param {Environment} environment
 * @returns {Promise<void>}
 */
export async function checkBeforeStart(root, environment) {
  const settings = readSettings(root, environment);
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  checkDiskSpace(settings.dataDir);
  checkDiskSpaceForSetUp(root);
  // Only a test: the server listens later, once it can serve.
  const server = createServer();
  await listen(server, settings.port);
  await new Promise((resolve) => server.close(resolve));
}
