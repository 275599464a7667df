// @ts-check
// Processes that end together. Each leads a group of its own, and what it leaves behind in that group
// is ended with it, so that nothing stays even if it had no chance to clean up.
import { spawn } from "node:child_process";

/** @import { ChildProcess, SpawnOptions } from "node:child_process" */

/** A command ended with another status than 0; it has said why itself. */
export class CommandFailed extends Error {
  /** @override */
  name = "CommandFailed";
}

const STOP_DEADLINE_MS = 15_000;

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
   * @param {SpawnOptions & { name?: string, endsItsGroup?: boolean }} options `name`: what a message
   *   calls it; `endsItsGroup`: told to stop, it ends what it started, so that only it is told.
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
    }).finally(() => {
      this.#running.delete(child);
      signalGroup(child, "SIGKILL");
    });
    this.#running.set(child, { endsItsGroup, ended });
    return { child, ended };
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
   * Ends all of them; what has not ended after a while is killed. Called again: at once.
   * @returns {Promise<void>}
   */
  async stop() {
    const running = [...this.#running];
    if (this.#isStopping) for (const [child] of running) signalGroup(child, "SIGKILL");
    this.#isStopping = true;
    for (const [child, { endsItsGroup }] of running) {
      if (endsItsGroup) child.kill("SIGTERM");
      else signalGroup(child, "SIGTERM");
    }
    const impatience = setTimeout(() => {
      for (const [child] of running) signalGroup(child, "SIGKILL");
    }, STOP_DEADLINE_MS);
    await Promise.all(running.map(([, { ended }]) => ended));
    clearTimeout(impatience);
  }
}

/**
 * @param {ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Nothing of it is left.
  }
}

/**
 * Calls back for each signal that asks this process to end.
 * @param {() => void} callback
 */
export function onStopAsked(callback) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, callback);
}
