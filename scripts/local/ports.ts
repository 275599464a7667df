// Ports on loopback.
import { createServer, type AddressInfo, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "./part.ts";
import { describeListener } from "./port_owner.ts";

/** As many free ports as asked for. Another process may still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => tryToListen(server, 0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

// The usual port is one that the kernel also gives to outgoing connections, which pass.
const PATIENCE_MS = 3_000;
const GAP_MS = 100;

/** Resolves when the server listens on 127.0.0.1. Says who does if it is somebody else. */
export async function listen(server: Server, port: number): Promise<void> {
  for (let waited_ms = 0; ; waited_ms += GAP_MS) {
    try {
      await tryToListen(server, port);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      const owner = describeListener(port);
      if (owner !== undefined || waited_ms >= PATIENCE_MS) throw portInUse(port, owner);
      await sleep(GAP_MS);
    }
  }
}

function portInUse(port: number, owner = "a connection of another program"): StartError {
  const other = port < 65435 ? port + 100 : port - 100;
  const remedy = `Stop it, or choose another port: ./scripts/dev --port ${other}`;
  return new StartError(`Port ${port} is in use by ${owner}. ${remedy}`);
}

function tryToListen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}
