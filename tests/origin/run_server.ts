// Runs the development server with scripted parts, as a process.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../scripts/local/ports.mjs";

const PROGRAM = "build/tests/origin/server/supervisor.js";

export interface Run {
  pid: number;
  url: string;
  output(): string;
  errors(): string;
  /** Resolves with the exit status. */
  exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  untilReady(): Promise<void>;
}

export function temporaryDir(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "fabula-origin-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function start(
  context: TestContext,
  dataDir: string,
  environment: Record<string, string> = {},
): Promise<Run> {
  const [port = 0] = await freePorts(1);
  const env = { PATH: process.env["PATH"], FABULA_PORT: String(port), FABULA_DATA_DIR: dataDir };
  const child = spawn(process.execPath, [PROGRAM], { env: { ...env, ...environment } });
  const text = { output: "", errors: "" };
  child.stdout.on("data", (piece: Buffer) => (text.output += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (text.errors += piece.toString()));
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  context.after(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  const untilReady = async () => {
    for (let waited_ms = 0; !/^ready /m.test(text.output); waited_ms += 20) {
      assert.ok(waited_ms < 15_000 && child.exitCode === null, text.output + text.errors);
      await sleep(20);
    }
  };
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    output: () => text.output,
    errors: () => text.errors,
    exited,
    signal: (name) => child.kill(name),
    untilReady,
  };
}

// All processes that carry the run's data directory in their environment, as children inherit it.
export function processesOf(dataDir: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) return false;
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`FABULA_DATA_DIR=${dataDir}\0`);
    } catch {
      return false;
    }
  });
}

export async function untilGone(dataDir: string): Promise<void> {
  for (let waited_ms = 0; waited_ms < 5_000; waited_ms += 50) {
    if (processesOf(dataDir).length === 0) return;
    await sleep(50);
  }
  assert.deepEqual(processesOf(dataDir), []);
}
