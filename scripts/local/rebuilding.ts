// Builds the functions again when their sources change, and loads them if they have changed.
import { basename, parse, relative, sep } from "node:path";
import { createInterface } from "node:readline";
import type { FunctionsBuild } from "./part_starters.ts";
import { ProcessGroups } from "./process_groups.mjs";
import { SourceWatcher } from "./source_watcher.ts";

export interface RebuildingOptions {
  root: string;
  build: FunctionsBuild;
  /** Watches from before the first build; it reports changes of `build.sources`. */
  sources: SourceWatcher;
  /** Replaces the running functions with the newly built ones. */
  reload: () => Promise<void>;
  print: (line: string) => void;
  signal: AbortSignal;
}

/** Continues until the signal is aborted, and until a running build has ended. */
export async function rebuildOnChange(options: RebuildingOptions): Promise<void> {
  const { sources, build, signal } = options;
  const output = new SourceWatcher([build.output]);
  while (!signal.aborted) {
    try {
      const changed = await sources.untilChanged(signal);
      await rebuild(options, changed, output);
    } catch (error) {
      if (!signal.aborted) options.print((error as Error).message);
    }
  }
}

async function rebuild(
  options: RebuildingOptions,
  changed: readonly string[],
  output: SourceWatcher,
): Promise<void> {
  const { root, build, reload, print } = options;
  const isMigration = (path: string) => path.startsWith(build.migrations + sep);
  const migrations = changed.filter(isMigration).map((path) => basename(path));
  if (migrations.length > 0) {
    print(`${some(migrations)}: migrations are applied when ./scripts/dev starts again`);
  }
  const files = changed.filter((path) => !isMigration(path)).map((path) => relative(root, path));
  if (files.length === 0) return;

  const start_ms = Date.now();
  print(`rebuilding: ${some(files)}`);
  await runBuild(options);
  const seconds = () => `${((Date.now() - start_ms) / 1000).toFixed(1)} s`;
  const names = new Set(output.changes().map((path) => parse(path).name));
  if (names.size === 0) {
    print(`built in ${seconds()}: no function is different`);
    return;
  }
  try {
    await reload();
  } catch (error) {
    throw new Error(`The new functions do not start, the old ones go on: ${(error as Error).message}`);
  }
  const functions = build.functions.filter((name) => names.has(name));
  print(`rebuilt ${functions.join(", ") || "the host"} in ${seconds()}`);
}

// Progress is shown as it arrives, other output only if the build fails.
async function runBuild({ root, build, print, signal }: RebuildingOptions): Promise<void> {
  const [file, ...args] = build.command;
  const groups = new ProcessGroups();
  const stop = () => void groups.stop();
  signal.addEventListener("abort", stop, { once: true });
  const { child, ended } = groups.start(file, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  for (const stream of streams) {
    createInterface({ input: stream }).on("line", (line) => {
      if (line.startsWith("build: ")) print(line);
      else lines.push(line);
    });
  }
  const allRead = streams.map((stream) => new Promise((resolve) => stream.once("close", resolve)));
  const status = await ended;
  await Promise.all(allRead);
  signal.removeEventListener("abort", stop);
  if (status === 0) return;
  throw new Error([...lines, "The build failed: the functions go on as they were."].join("\n"));
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
