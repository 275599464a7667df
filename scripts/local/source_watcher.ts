// Finds changes in folders by checking each file now and then: this works on every file system, and
// a thousand files take a few milliseconds.
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const GAP_MS = 400;

type Fingerprints = Map<string, string>;

export class SourceWatcher {
  readonly #paths: readonly string[];
  #known: Fingerprints;

  /** Files or folders. Changes count from now, or from an earlier time of the files' clock. */
  constructor(paths: readonly string[], since_ms = Infinity) {
    this.#paths = paths;
    this.#known = fingerprints(paths);
    for (const [path, fingerprint] of this.#known) {
      if (parseFloat(fingerprint) > since_ms) this.#known.delete(path);
    }
  }

  /** The files that were changed, added or removed since the last call that returned any. */
  changes(): string[] {
    const now = fingerprints(this.#paths);
    const paths = new Set([...this.#known.keys(), ...now.keys()]);
    const changed = [...paths].filter((path) => this.#known.get(path) !== now.get(path));
    this.#known = now;
    return changed;
  }

  /** Resolves with all changed files once there are any and no further ones change. */
  async untilChanged(signal: AbortSignal): Promise<string[]> {
    const changed = new Set<string>();
    for (;;) {
      const newest = this.changes();
      newest.forEach((path) => changed.add(path));
      if (newest.length === 0 && changed.size > 0) return [...changed];
      // An editor that saves all its files, or git, finishes soon.
      await sleep(changed.size > 0 ? GAP_MS / 4 : GAP_MS, undefined, { signal });
    }
  }
}

// Each file's time of modification and size.
function fingerprints(paths: readonly string[]): Fingerprints {
  const found: Fingerprints = new Map();
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) addFile(path, found);
    else visit(path, found);
  }
  return found;
}

function visit(path: string, found: Fingerprints): void {
  for (const entry of entriesOf(path)) {
    // Editors' own files.
    if (/^[.#]|~$/.test(entry.name)) continue;
    const child = join(path, entry.name);
    if (entry.isDirectory()) visit(child, found);
    else addFile(child, found);
  }
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return []; // The folder has just been deleted.
  }
}

function addFile(path: string, found: Fingerprints): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) found.set(path, `${stats.mtimeMs} ${stats.size}`);
}
