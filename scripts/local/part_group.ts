// The parts of the development server: started side by side, watched, and stopped in reverse order.
import { checkDiskSpace } from "./disk_space.mjs";
import type { LineLog, Part } from "./part.ts";
import { StartError } from "./part.ts";
import { openPartLog, progressOf, type PartLog } from "./part_log.ts";

type StartPart = (log: LineLog) => Promise<Part>;

interface Member {
  log: PartLog;
  startedAt_ms: number;
  /** Resolves when the start is over, with nothing if it failed. */
  started: Promise<Part | undefined>;
  part?: Part;
  url?: string;
  /** Of parts that others have taken the place of and that still work: what ends them. */
  retired: Set<() => Promise<void>>;
}

/** A part whose start is not over. */
export interface StartingPart {
  name: string;
  /** How far it is, if it says so. */
  progress: string | undefined;
  elapsed_ms: number;
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

  starting(): StartingPart[] {
    return [...this.#members]
      .filter(([, member]) => member.part === undefined)
      .map(([name, { log, startedAt_ms }]) => ({
        name,
        progress: progressOf(log.tail()),
        elapsed_ms: Date.now() - startedAt_ms,
      }));
  }

  /** Resolves when the part takes requests; rejects with its last log lines if it cannot start. */
  async start(name: string, isUrgent: (line: string) => boolean, start: StartPart): Promise<void> {
    if (this.#stopping) throw new Error("everything is being stopped");
    const log = openPartLog(this.#dataDir, name, isUrgent);
    const starting = start(log.write);
    const member: Member = {
      log,
      startedAt_ms: Date.now(),
      started: starting.catch(() => undefined),
      retired: new Set(),
    };
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
    this.#use(name, member, part);
  }

  /**
   * Puts another part in the place of a running one, which goes on until `unused` says of its URL that
   * nobody is served by it any more. Rejects when the new one cannot start: the old one stays.
   */
  async replace(
    name: string,
    start: StartPart,
    unused: (url: string) => Promise<void>,
  ): Promise<void> {
    const member = this.#members.get(name);
    const old = member?.part;
    if (!member || !old) throw new Error(`there is no ${name} to replace`);
    const part = await start(member.log.write);
    if (this.#stopping) return part.stop();
    this.#use(name, member, part);
    const stopOld = () => old.stop();
    member.retired.add(stopOld);
    void unused(old.url)
      .then(stopOld)
      .catch((error: Error) => member.log.write(`could not stop: ${error.message}`))
      .finally(() => member.retired.delete(stopOld));
  }

  #use(name: string, member: Member, part: Part): void {
    member.part = part;
    member.url = part.url;
    void part.ended?.then((reason) => {
      if (this.#stopping || member.part !== part) return;
      delete member.url;
      this.#reportFault(new StartError(withLog(`The ${name} ended: ${reason}`, member.log)));
    });
  }

  /** Stops the newest part first: the functions save what they stream while the database runs. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const member of [...this.#members.values()].reverse()) {
      const { log, started, retired } = member;
      await Promise.race([started, after(UNFINISHED_START_MS)]);
      const stops = [...retired, async () => member.part?.stop()].map((stop) => stop());
      await Promise.all(stops).catch((error: Error) => log.write(`could not stop: ${error.message}`));
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
