// Which development server is using a data directory: a file that the server writes when it listens
// and removes when it ends, read by a second start and by ./scripts/status.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INSTANCE_PATH } from "./origin.ts";
import { StartError } from "./part.ts";

export interface State {
  /**
   * Random, and returned by the origin: distinguishes a running server from a file left by a crash.
   */
  instance: string;
  pid: number;
  url: string;
  ready: boolean;
  publishableKey: string;
  secretKey: string;
}

const PROBE_TIMEOUT_MS = 2_000;

/**
 * Claims the data directory for this server, which must be listening already. Throws if another has
 * it.
 */
export async function claimDataDir(dataDir: string, state: State): Promise<void> {
  const file = stateFile(dataDir);
  const draft = writeDraft(file, state);
  try {
    if (linkIfAbsent(draft, file)) return;
    const other = await findRunning(dataDir);
    if (other) {
      throw new StartError(
        `A development server already runs on ${dataDir}: ${other.url} (process ${other.pid}). ` +
          "Stop it, or give this one its own: ./scripts/dev --data DIR --port PORT",
      );
    }
    renameSync(draft, file); // Left by a server that could not clean up.
  } finally {
    rmSync(draft, { force: true });
  }
}

export function updateState(dataDir: string, state: State): void {
  const file = stateFile(dataDir);
  renameSync(writeDraft(file, state), file);
}

export function releaseDataDir(dataDir: string, state: State): void {
  if (readState(dataDir)?.instance === state.instance) {
    rmSync(stateFile(dataDir), { force: true });
  }
}

/** The server that is using a data directory, if there is one. */
export async function findRunning(dataDir: string): Promise<State | undefined> {
  const state = readState(dataDir);
  return state && (await answersAs(state)) ? state : undefined;
}

async function answersAs(state: State): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const response = await fetch(state.url + INSTANCE_PATH, { signal });
    return ((await response.json()) as { instance?: unknown }).instance === state.instance;
  } catch (error) {
    // It is too busy to answer, or stopped in a debugger: it runs as long as its process does.
    return (error as Error).name === "TimeoutError" && processExists(state.pid);
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readState(dataDir: string): State | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(dataDir), "utf8")) as State;
  } catch {
    return undefined; // Absent, or cut off when the disk was full: no server runs here.
  }
}

function linkIfAbsent(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function writeDraft(file: string, state: State): string {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 }); // It contains keys.
  return draft;
}

function stateFile(dataDir: string): string {
  return join(dataDir, "server.json");
}
