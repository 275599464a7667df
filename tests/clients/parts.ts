// The parts of a stack that a file of tests starts by itself, such as a real PostgreSQL.
import { after, before } from "node:test";
import { startPostgres } from "../database/postgres_server.ts";
import { Backend, root } from "./backend.ts";

export interface Part {
  stop(): Promise<void>;
}

export class Parts {
  readonly #started: Part[] = [];

  /** Stops the part with the others, the last one first. */
  add<P extends Part>(part: P): P {
    this.#started.push(part);
    return part;
  }

  /** A backend on a real PostgreSQL, which serves calls at the same time; the embedded database makes one at a time. */
  async startBackend(): Promise<{ backend: Backend; ownerUrl: string }> {
    // The roles and the tables are made as for a developer who sets DATABASE_URL.
    const { ownerUrl } = this.add(await startPostgres(root, { migrated: false, roles: false }));
    return { backend: this.add(await Backend.start({ databaseUrl: ownerUrl })), ownerUrl };
  }

  async stop(): Promise<void> {
    for (const part of this.#started.splice(0).reverse()) await part.stop();
  }
}

/** Starts parts before the tests of a suite, and stops them after the tests or when their start fails. */
export function startParts(start: (parts: Parts) => Promise<void>): Parts {
  const parts = new Parts();
  before(async () => {
    try {
      await start(parts);
    } catch (error) {
      await parts.stop(); // Node calls no `after` when a `before` has failed.
      throw error;
    }
  });
  after(() => parts.stop());
  return parts;
}
