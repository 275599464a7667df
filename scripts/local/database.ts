// The embedded Supabase as a part of the development server: a process of its own, because its
// PostgreSQL runs inside the process that loads it. Or the same interface in front of a real
// PostgreSQL. The process is scripts/local/database-server.ts.
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import type { DatabaseReport, DatabaseServerOptions } from "./database-server.ts";
import { StartError, type LineLog, type Part } from "./part.ts";

export interface DatabaseOptions {
  /** The repository, whose supabase/migrations are applied before anything is served. */
  root: string;
  /** The database is in its folder `database`, which is created if it is missing. */
  dataDir: string;
  /** The port on 127.0.0.1; 0: any free one. */
  port: number;
  /** A real PostgreSQL instead of the embedded one; its user must be a superuser. */
  databaseUrl?: string;
  publishableKey: string;
  secretKey: string;
  /** At least 32 characters; signs the tokens of signed-in users (HS256). */
  jwtSecret: string;
  log: LineLog;
}

// The first start makes the files of a PostgreSQL, which takes 5 s on an idle machine.
const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 5_000;

/** Resolves when requests to `/rest/v1`, `/auth/v1` and `/storage/v1` of its URL are answered. */
export async function startDatabase(options: DatabaseOptions): Promise<Part> {
  const { log, ...serverOptions } = options;
  const server = await bundleServer(options.root);
  const child = fork(server, {
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, DO_NOT_TRACK: "1", EXPERIMENTAL_STORAGE: "1" },
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", log);
  }
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended (${signal ?? `exit status ${code}`})`));
  });
  const report = await firstReport(child, serverOptions, exited);
  if ("url" in report) {
    let stopping = false;
    return {
      url: report.url,
      stop: () => {
        stopping = true;
        return stop(child, exited);
      },
      ended: exited.then((reason) => (stopping ? new Promise<string>(() => {}) : reason)),
    };
  }
  await stop(child, exited);
  throw report.isExplained ? new StartError(report.failure) : new Error(report.failure);
}

// The bundle is below the repository, where Node finds the packages that it imports. It is moved
// there as a whole, because other servers may be starting.
async function bundleServer(root: string): Promise<string> {
  const outfile = join(root, "build/local/database-server.mjs");
  const ownFile = `${outfile}.${randomUUID()}`;
  await build({
    entryPoints: [join(root, "scripts/local/database-server.ts")],
    outfile: ownFile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  renameSync(ownFile, outfile);
  return outfile;
}

async function firstReport(
  child: ChildProcess,
  options: DatabaseServerOptions,
  exited: Promise<string>,
): Promise<DatabaseReport> {
  const failed = (failure: string): DatabaseReport => ({ failure, isExplained: false });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<DatabaseReport>((resolve) => {
    const failure = `not ready after ${START_DEADLINE_MS / 1000} s`;
    timer = setTimeout(() => resolve(failed(failure)), START_DEADLINE_MS);
  });
  const reported = new Promise<DatabaseReport>((resolve) => {
    child.once("message", (message) => resolve(message as DatabaseReport));
  });
  child.send(options, () => {}); // If sending fails, the process has ended, which `exited` reports.
  const report = await Promise.race([reported, exited.then(failed), late]);
  clearTimeout(timer);
  return report;
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}
