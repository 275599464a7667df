// The local model as a part of the development server: a process of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { StartError, type LineLog, type Part } from "./part.ts";

export interface LocalModelOptions {
  /** The repository. */
  root: string;
  /** The folder into which set-up has put the model. */
  dataDir: string;
  /** 0: any free one. */
  port: number;
  /** Appends the body of each completion request as one line of JSON. */
  record?: string;
  log: LineLog;
}

const MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf";
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 2_000;

/** The path at which set-up puts the model; FABULA_MODEL_FILE names another file. */
export function modelFile(dataDir: string): string {
  return process.env["FABULA_MODEL_FILE"] || join(dataDir, "models", MODEL_FILE);
}

/** Resolves when a request would be answered. `LOCAL_BASE_URL` is the part's URL and `/v1`. */
export async function startLocalModel(options: LocalModelOptions): Promise<Part> {
  const file = modelFile(options.dataDir);
  if (!existsSync(file)) {
    throw new StartError(
      `The local model is not at ${file}: run ./scripts/setup model, or set OPENAI_API_KEY.`,
    );
  }
  const server = await bundleServer(options.root);
  const args = [server, "--model", file, "--port", String(options.port), "--until-stdin-ends"];
  if (options.record) args.push("--record", options.record);
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin?.on("error", () => {}); // It ended; `exit` says so.
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) =>
      resolve(`the local model ended (${signal ?? `exit status ${code}`})`),
    );
  });
  const url = await listeningUrl(child, exited, options.log);
  let stopping = false;
  return {
    url,
    stop: () => {
      stopping = true;
      return stop(child, exited);
    },
    ended: exited.then((reason) => (stopping ? new Promise<string>(() => {}) : reason)),
  };
}

// The bundle is next to the server's node_modules, where Node finds node-llama-cpp.
async function bundleServer(root: string): Promise<string> {
  const folder = join(root, "scripts/local/model");
  const outfile = join(folder, "build/server.mjs");
  await build({
    entryPoints: [join(folder, "server.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["node-llama-cpp"],
    logLevel: "error",
  });
  return outfile;
}

async function listeningUrl(
  child: ChildProcess,
  exited: Promise<string>,
  log: LineLog,
): Promise<string> {
  let lastLine = "";
  let announce: (url: string) => void = () => {};
  const listening = new Promise<string>((resolve) => (announce = resolve));
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      log(line);
      lastLine = line;
      const url = /^listening (http:\/\/\S+)$/.exec(line)?.[1];
      if (url) announce(url);
    });
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`not ready after ${START_DEADLINE_MS / 1000} s`),
      START_DEADLINE_MS,
    );
  });
  const fault = Promise.race([exited, late]).then((reason) => ({ reason }));
  const first = await Promise.race([listening, fault]);
  clearTimeout(timer);
  if (typeof first === "string") return first;
  await stop(child, exited);
  throw new StartError(`The local model does not start: ${lastLine || first.reason}`);
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}
