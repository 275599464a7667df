// The parts of the development server: started concurrently, restarted when they end by themselves, and
// stopped in reverse order.
import { setTimeout as sleep } from "node:timers/promises";
import { checkDiskSpace } from "./disk_space.mjs";
import type { LineLog, Part } from "./part.ts";
import { StartError } from "./part.ts";
import { openPartLog, progressOf, type PartLog } from "./part_log.ts";
import { RestartWaits } from "./restart_waits.ts";

type StartPart = (log: LineLog) => Promise<Part>;

interface Member {
  log: PartLog;
  start: StartPart;
  startedAt_ms: number;
  /** Resolves when the start, or the latest restart, is over. */
  started: Promise<unknown>;
  waits: RestartWaits;
  part?: Part;
  url?: string;
  /** Functions that end replaced parts which are still working. */
  retired: Set<() => Promise<void>>;
}

/** A part that is still starting. */
export interface StartingPart {
  name: string;
  /** Its progress, if it reports any. */
  progress: string | undefined;
  elapsed_ms: number;
}

// When everything is to end, a part that is still starting has this long to become stoppable; otherwise it
// ends with the process group.
const UNFINISHED_START_MS = 3_000;

export class PartGroup {
  readonly #dataDir: string;
  readonly #print: (line: string) => void;
  readonly #members = new Map<string, Member>();
  readonly #stopAsked = new AbortController();

  /** `print` takes the lines about parts that have ended. */
  constructor(dataDir: string, print: (line: string) => void) {
    this.#dataDir = dataDir;
    this.#print = print;
  }

  get #stopping(): boolean {
    return this.#stopAsked.signal.aborted;
  }

  /** A part's URL; undefined while it does not listen, and once it is to stop. */
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
      start,
      startedAt_ms: Date.now(),
      started: starting.catch(() => undefined),
      waits: new RestartWaits(Date.now()),
      retired: new Set(),
    };
    this.#members.set(name, member);
    let part: Part;
    try {
      part = await starting;
    } catch (error) {
      checkDiskSpace(this.#dataDir);
      // A reason in the part's own words needs no log lines.
      if (error instanceof StartError) throw error;
      throw new StartError(withLog(`The ${name} did not start: ${(error as Error).message}`, log));
    }
    this.#use(name, member, part);
  }

  /**
   * Replaces a running part, which continues until `unused` reports that its URL serves nobody any more.
   * Rejects when the new one cannot start: the old one stays.
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
    member.start = start;
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
    member.waits.started(Date.now());
    void part.ended?.then((reason) => {
      if (this.#stopping || member.part !== part) return;
      delete member.url;
      member.started = this.#startAgain(name, member, part, `The ${name} ended: ${reason}`);
    });
  }

  // Meanwhile the part may have been replaced, or everything may be ending.
  async #startAgain(name: string, member: Member, ended: Part, fault: string): Promise<void> {
    const isOver = () => this.#stopping || member.part !== ended;
    for (let reason = fault; ; ) {
      const { wait_ms, isToldInFull } = member.waits.ended(Date.now());
      const when = wait_ms === 0 ? "now" : `in ${wait_ms / 1000} s`;
      this.#print(isToldInFull ? withLog(reason, member.log) : reason);
      this.#print(`The ${name} is started again ${when}. The rest stays up.`);
      await sleep(wait_ms, undefined, { signal: this.#stopAsked.signal }).catch(() => {});
      if (isOver()) return;
      try {
        const part = await member.start(member.log.write);
        if (isOver()) return await part.stop();
        this.#use(name, member, part);
        this.#print(`The ${name} runs again.`);
        return;
      } catch (error) {
        if (isOver()) return;
        reason = `The ${name} did not start: ${(error as Error).message}`;
      }
    }
  }

  /** Stops the newest part first: the functions save their streams while the database runs. */
  async stop(): Promise<void> {
    this.#stopAsked.abort();
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
