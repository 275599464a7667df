// The functions as a part of the development server and of the tests: one process of deno or of
// workerd that serves all bundles of scripts/build.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { denoCommand } from "./functions-deno.ts";
import { workerdCommand } from "./functions-workerd.ts";
import type { LineLog, Part } from "./part.ts";

export interface FunctionsOptions {
  /** The repository. */
  root: string;
  runtime: "deno" | "workerd";
  /** On loopback; 0: any free one. */
  port: number;
  /** All settings for the functions; they see nothing else of this process's environment. */
  environment: Record<string, string>;
  /** Takes every line that the runtime and the functions write. */
  log: LineLog;
  /** The output of scripts/build; `build` in the repository when absent. */
  output?: string;
}

/** How to start a runtime; it writes {"event":"listen","port":...} to its stream `listens`. */
export interface RuntimeCommand {
  file: string;
  arguments: string[];
  environment: Record<string, string>;
  listens: "stdout" | "control";
  /** Removes the command's files, after the process has ended. */
  cleanUp?(): void;
}

// When the runtime is told to stop, running requests have this long to save and end.
const stopGraceMs = 3_000;

export interface FunctionsPart extends Part {
  /** The runtime's process, for measurements. */
  processId: number;
}

/** Resolves when the port answers. */
export async function startFunctions(options: FunctionsOptions): Promise<FunctionsPart> {
  const output = options.output ?? `${options.root}/build`;
  const makeCommand = options.runtime === "deno" ? denoCommand : workerdCommand;
  const command = makeCommand(output, options);
  const child = spawn(command.file, command.arguments, {
    env: command.environment,
    stdio: ["ignore", "pipe", "pipe", command.listens === "control" ? "pipe" : "ignore"],
  });
  const ended = endOf(child, options.runtime).finally(() => command.cleanUp?.());

  const [, stdout, stderr, control] = child.stdio as (Readable | null)[];
  const port = await new Promise<number>((resolve, reject) => {
    const watch = (line: string): boolean => {
      const announced = announcedPort(line);
      if (announced !== null) resolve(announced);
      return announced !== null;
    };
    eachLine(stderr, options.log);
    if (command.listens === "control") eachLine(control, watch);
    eachLine(stdout, (line) => {
      if (command.listens === "control" || !watch(line)) options.log(line);
    });
    void ended.then((reason) => reject(new Error(reason)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => stop(child, ended),
    ended,
    processId: child.pid ?? 0,
  };
}

function eachLine(stream: Readable | null | undefined, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on("line", take);
}

function announcedPort(line: string): number | null {
  if (!line.startsWith('{"event":"listen"')) return null;
  return (JSON.parse(line) as { port: number }).port;
}

function endOf(child: ChildProcess, runtime: string): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`${runtime} could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      resolve(`${runtime} ended (${signal ?? `status ${code}`})`);
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
  await ended;
  clearTimeout(impatience);
}
