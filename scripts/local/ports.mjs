// @ts-check
// Ports on loopback.
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describeListener } from "./port_owner.mjs";
import { StartError } from "./start_error.mjs";

/** @import { AddressInfo, Server } from "node:net" */

/**
 * As many free ports as asked for. Another process may still take one before it is used.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => tryToListen(server, 0)));
  const ports = servers.map((server) => /** @type {AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

// The kernel also gives the usual port to outgoing connections, which end soon.
const PATIENCE_MS = 3_000;
const GAP_MS = 100;

/**
 * Resolves when the server listens on 127.0.0.1. Says who does if it is somebody else.
 * @param {Server} server
 * @param {number} port
 * @returns {Promise<void>}
 */
export async function listen(server, port) {
  for (let waited_ms = 0; ; waited_ms += GAP_MS) {
    try {
      await tryToListen(server, port);
      return;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EADDRINUSE") throw error;
      const owner = describeListener(port);
      if (owner !== undefined || waited_ms >= PATIENCE_MS) throw portInUse(port, owner);
      await sleep(GAP_MS);
    }
  }
}

/**
 * @param {number} port
 * @returns {StartError}
 */
function portInUse(port, owner = "a connection of another program") {
  const other = port < 65435 ? port + 100 : port - 100;
  const remedy = `Stop it, or choose another port: ./scripts/dev --port ${other}`;
  return new StartError(`Port ${port} is in use by ${owner}. ${remedy}`);
}

/**
 * @param {Server} server
 * @param {number} port
 * @returns {Promise<void>}
 */
function tryToListen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}
