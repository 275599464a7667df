// Lets one process at a time work on a folder. The lock is a socket on which the process listens,
// so it ends with the process in any case.
import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StartError } from "./part.ts";

// A predecessor whose parent has been killed needs a moment to notice and close its files.
const WAIT_MS = 5_000;
const RETRY_MS = 50;
// The shortest limit of the systems that we run on is 104 bytes.
const MAX_SOCKET_PATH_BYTES = 100;

/** Holds until this process ends. Throws if another process keeps the folder for some seconds. */
export async function lockFolder(folder: string): Promise<void> {
  const path = socketPath(realpathSync(folder));
  const deadline = Date.now() + WAIT_MS;
  while (!(await listen(path))) {
    if (!(await isAlive(path))) rmSync(path, { force: true });
    else if (Date.now() < deadline) await delay(RETRY_MS);
    else {
      throw new StartError(
        `Another development server works on ${folder}: stop it, or choose another directory with --data.`,
      );
    }
  }
}

function socketPath(folder: string): string {
  const inside = join(folder, "lock");
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside;
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  return join(tmpdir(), `fabula-database-${name}`);
}

function listen(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy()).unref();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(path, () => resolve(true));
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
