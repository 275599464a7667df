// Starts the development server in a process group of its own and ends that group with it. So
// nothing is left running, even if the server is killed without a chance to clean up; and if this
// process is killed, the server sees its standard input close and stops.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const STOP_DEADLINE_MS = 15_000;

const server = spawn(
  process.execPath,
  ["--enable-source-maps", fileURLToPath(new URL("./main.js", import.meta.url)), "--leads-group"],
  { stdio: ["pipe", "inherit", "inherit"], detached: true },
);
// Its end is seen by `exit`; a write error on its standard input says nothing more.
server.stdin?.on("error", () => {});

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stopping) {
      killGroup(); // Asked twice: no more patience.
      return;
    }
    stopping = true;
    server.kill("SIGTERM");
    setTimeout(killGroup, STOP_DEADLINE_MS).unref();
  });
}

server.on("error", (error) => {
  console.error(`fabula: cannot start node: ${error.message}`);
  process.exit(1);
});
server.on("exit", (code, signal) => {
  killGroup();
  if (code === null) console.error(`fabula: the development server was ended by ${signal}.`);
  process.exit(code ?? 1);
});

function killGroup(): void {
  try {
    if (server.pid !== undefined) process.kill(-server.pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}
