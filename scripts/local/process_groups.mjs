// @ts-check
// Processes that end together. Each leads its own group, and whatever it leaves behind in that group is
// ended with it, so that nothing remains even if it could not clean up.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** @import { ChildProcess, SpawnOptions } from "node:child_process" */

/** A command ended with another status than 0; it has printed the reason itself. */
export class CommandFailed extends Error {
  /** @override */
  name = "CommandFailed";
}

const STOP_DEADLINE_MS = 15_000;
const GROUP_DEADLINE_MS = 5_000;

export class ProcessGroups {
  /** @type {Map<ChildProcess, { endsItsGroup: boolean, ended: Promise<number> }>} */
  #running = new Map();
  #isStopping = false;

  /** Whether `stop` has been called: nothing more is started. */
  get isStopping() {
    return this.#isStopping;
  }

  /**
   * Starts a process. `ended` resolves with its exit status, 1 for a signal.
   * @param {string} file
   * @param {string[]} args
   * @param {SpawnOptions & { name?: string, endsItsGroup?: boolean }} options `name`: its name
   *   in messages; `endsItsGroup`: when asked to stop, it ends its own children, so that only it is asked.
   * @returns {{ child: ChildProcess, ended: Promise<number> }}
   */
  start(file, args, { name = file, endsItsGroup = false, ...options }) {
    if (this.#isStopping) throw new CommandFailed(`${name} is not started any more`);
    const child = spawn(file, args, { ...options, detached: true });
    /** @type {Promise<number>} */
    const ended = new Promise((resolve) => {
      child.once("error", (error) => {
        console.error(`fabula: cannot start ${name}: ${error.message}`);
        resolve(1);
      });
      child.once("exit", (code, signal) => {
        if (signal && !this.#isStopping) console.error(`fabula: ${name} was ended by ${signal}.`);
        resolve(code ?? 1);
      });
    });
    /** @type {Promise<number>} */
    const over = ended.finally(async () => {
      // After it was told to stop, its children may end later than itself: Ninja ends its compilers.
      if (this.#isStopping && !endsItsGroup) await untilGroupIsGone(child);
      signalGroup(child, "SIGKILL");
      this.#running.delete(child);
    });
    this.#running.set(child, { endsItsGroup, ended: over });
    return { child, ended: over };
  }

  /**
   * Runs a command to its end; rejects with CommandFailed.
   * @param {string} file
   * @param {string[]} args
   * @param {SpawnOptions} options
   * @returns {Promise<void>}
   */
  async run(file, args, options) {
    const status = await this.start(file, args, options).ended;
    if (status !== 0) throw new CommandFailed(`${file} ended with status ${status}`);
  }

  /**
   * Ends all of them; processes that have not ended after a while are killed.
   * @returns {Promise<void>}
   */
  async stop() {
    const running = [...this.#running];
    if (!this.#isStopping) {
      this.#isStopping = true;
      for (const [child, { endsItsGroup }] of running) {
        if (endsItsGroup) child.kill("SIGTERM");
        else signalGroup(child, "SIGTERM");
      }
    }
    const impatience = setTimeout(() => this.kill(), STOP_DEADLINE_MS);
    await Promise.all(running.map(([, { ended }]) => ended));
    clearTimeout(impatience);
  }

  /** Ends all of them at once. */
  kill() {
    for (const child of this.#running.keys()) signalGroup(child, "SIGKILL");
  }

  /** Makes signals that ask this process to end also end them; a second signal does so at once. */
  stopOnSignals() {
    const stop = () => {
      if (this.#isStopping) this.kill();
      else void this.stop();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  }
}

/**
 * @param {ChildProcess} child
 * @param {NodeJS.Signals | 0} signal 0: none, only looks
 * @returns {boolean} whether there is anything of the group
 */
function signalGroup(child, signal) {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

/** @param {ChildProcess} child */
async function untilGroupIsGone(child) {
  for (let waited_ms = 0; waited_ms < GROUP_DEADLINE_MS && signalGroup(child, 0); waited_ms += 20) {
    await sleep(20);
  }
}
