// The parts of the development server: started side by side, watched, and stopped in reverse order.
import { checkDiskSpace } from "./disk_space.ts";
import type { LineLog, Part } from "./part.ts";
import { StartError } from "./part.ts";
import { openPartLog, type PartLog } from "./part_log.ts";

type StartPart = (log: LineLog) => Promise<Part>;

interface Member {
  log: PartLog;
  /** Resolves when the start is over, with nothing if it failed. */
  started: Promise<Part | undefined>;
  url?: string;
}

// A part that is still starting when everything is to end gets this long to become stoppable; what
// takes longer ends with the process group.
const UNFINISHED_START_MS = 3_000;

export class PartGroup {
  readonly #dataDir: string;
  readonly #members = new Map<string, Member>();
  #stopping = false;
  #reportFault!: (error: Error) => void;

  /** Rejects when a part ends without having been stopped; pending otherwise. */
  readonly fault = new Promise<never>((_, reject) => (this.#reportFault = reject));

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.fault.catch(() => {}); // Nobody may be waiting yet.
  }

  /** Where a part listens; undefined until it does, and from the moment it is to stop. */
  url(name: string): string | undefined {
    return this.#stopping ? undefined : this.#members.get(name)?.url;
  }

  /** Resolves when the part takes requests; rejects with its last log lines if it cannot start. */
  async start(name: string, isUrgent: (line: string) => boolean, start: StartPart): Promise<void> {
    const log = openPartLog(this.#dataDir, name, isUrgent);
    const starting = start(log.write);
    const member: Member = { log, started: starting.catch(() => undefined) };
    this.#members.set(name, member);
    let part: Part;
    try {
      part = await starting;
    } catch (error) {
      checkDiskSpace(this.#dataDir);
      // A reason that the part put into words itself needs no log lines beside it.
      if (error instanceof StartError) throw error;
      throw new StartError(withLog(`The ${name} did not start: ${(error as Error).message}`, log));
    }
    member.url = part.url;
    void part.ended?.then((reason) => {
      if (this.#stopping) return;
      delete member.url;
      this.#reportFault(new StartError(withLog(`The ${name} ended: ${reason}`, log)));
    });
  }

  /** Stops the newest part first: the functions save what they stream while the database runs. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { log, started } of [...this.#members.values()].reverse()) {
      const part = await Promise.race([started, after(UNFINISHED_START_MS)]);
      await part?.stop().catch((error: Error) => log.write(`could not stop: ${error.message}`));
      await log.close();
    }
  }
}

function withLog(text: string, log: PartLog): string {
  return [text, ...log.tail().map((line) => `  | ${line}`), `  (${log.file})`].join("\n");
}

function after(delay_ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), delay_ms).unref());
}
