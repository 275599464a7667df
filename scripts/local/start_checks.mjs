// @ts-check
// What is looked at before anything is fetched or built. It runs with nothing but Node.
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { checkDiskSpace, checkDiskSpaceForSetUp } from "./disk_space.mjs";
import { listen } from "./ports.mjs";
import { readSettings } from "./settings_rules.mjs";

/** @import { Environment } from "./settings.ts" */

/**
 * Rejects when the settings are wrong, the disk is full or the port is somebody else's.
 * @param {string} root
 * @param {Environment} environment
 * @returns {Promise<void>}
 */
export async function checkBeforeStart(root, environment) {
  const settings = readSettings(root, environment);
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  checkDiskSpace(settings.dataDir);
  checkDiskSpaceForSetUp(root);
  // Only tried: the server itself listens when there is something to serve with.
  const server = createServer();
  await listen(server, settings.port);
  await new Promise((resolve) => server.close(resolve));
}
