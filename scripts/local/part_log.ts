// The log of one part: a file in the data directory, the newest lines in memory, which are shown if
// the part dies, and on the terminal only the lines that a developer must see.
import { createWriteStream, existsSync, mkdirSync, renameSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { NEW_MIGRATION, PROGRESS } from "./database-migrations.ts";
import type { LineLog } from "./part.ts";

const KEPT_LINES = 15;

export interface PartLog {
  write: LineLog;
  /** The newest lines, oldest first. */
  tail(): string[];
  file: string;
  close(): Promise<void>;
}

/** Starts an empty file; the previous run's is kept as `NAME.previous.log`. */
export function openPartLog(
  dataDir: string,
  name: string,
  isUrgent: (line: string) => boolean,
): PartLog {
  const folder = join(dataDir, "logs");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.log`);
  if (existsSync(file)) renameSync(file, join(folder, `${name}.previous.log`));
  const stream = createWriteStream(file, { mode: 0o600 });
  stream.on("error", (error) => console.error(`fabula: cannot write ${file}: ${error.message}`));
  const newest: string[] = [];
  return {
    file,
    write: (line) => {
      stream.write(`${line}\n`);
      newest.push(line);
      if (newest.length > KEPT_LINES) newest.shift();
      if (isUrgent(line)) console.error(`[${name}] ${line}`);
    },
    tail: () => [...newest],
    close: () => end(stream),
  };
}

function end(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.on("close", resolve);
    stream.end();
  });
}

/**
 * For the functions: warnings, errors, and lines that are no log entries, such as a runtime's own.
 */
export function isUrgentFunctionsLine(line: string): boolean {
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return level === "warn" || level === "warning" || level === "error" || level === "fatal";
  } catch {
    return line.trim() !== "";
  }
}

/** For the database: a migration that was added since the last start. */
export function isUrgentDatabaseLine(line: string): boolean {
  return line.startsWith(NEW_MIGRATION);
}

/** The last progress report of a part that is starting. */
export function progressOf(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => line.startsWith(PROGRESS))?.slice(PROGRESS.length);
}

/** For parts that log a lot while they work: none. Their death is reported elsewhere. */
export function neverUrgent(): boolean {
  return false;
}
