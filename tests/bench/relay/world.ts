// A model, a database and clients, each in its own process, and the measured relays.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startFunctions } from "../../../scripts/local/functions-runtime.ts";
import { PeerProcess } from "./peer_process.ts";
import type { Load, Taken } from "./peers/client.ts";
import type { DatabaseCounts, DatabaseSettings } from "./peers/database.ts";
import type { ModelCounts, ModelSettings } from "./peers/model.ts";
import { cpuMs, residentKilobytes } from "./process_usage.ts";

export type Runtime = "workerd" | "deno";

export interface RelayKind {
  title: string;
  /** The folder of build/ with the output of scripts/build or bundle.mjs. */
  output: string;
  path: string;
  coalesceMs?: number;
  /** It only hands on: nothing is saved, and the answer ends as the model's does. */
  isPassThrough?: boolean;
  /** Other bytes than the model's, though the same tokens. */
  rewrites?: boolean;
  /** The request, if it is not the chat function's. */
  body?: object;
}

const BENCH = "bench/relay";

export const PASS_THROUGH: RelayKind = {
  title: "a  pass-through",
  output: `${BENCH}/pass_through`,
  path: "/",
  isPassThrough: true,
};
export const ASKING: RelayKind = {
  title: "a' database, then a",
  output: `${BENCH}/asking`,
  path: "/",
  isPassThrough: true,
};
export const READING: RelayKind = {
  title: "r  reading alone",
  output: `${BENCH}/reading`,
  path: "/",
  isPassThrough: true,
};
export const TYPESCRIPT: RelayKind = {
  title: "b  TypeScript",
  output: `${BENCH}/typescript`,
  path: "/",
};
const CHAT = "/functions/v1/chat";
export const OURS: RelayKind = {
  title: "c  ours, 100 ms",
  output: "",
  path: CHAT,
  coalesceMs: 100,
};
export const OURS_UNCOALESCED: RelayKind = {
  title: "c0 ours, 0 ms",
  output: "",
  path: CHAT,
  coalesceMs: 0,
};
export const OURS_COUNTED: RelayKind = { ...OURS, title: "counted", output: `${BENCH}/counted` };

/** Relays nothing: says how long it takes to start a function. */
export const STARTING: RelayKind = { title: "starting", output: `${BENCH}/starting`, path: "/" };
export const STARTING_EMPTY: RelayKind = { ...STARTING, output: `${BENCH}/starting_empty` };

export interface RelayProcess {
  kind: RelayKind;
  url: string;
  processId: number;
  stop(): Promise<void>;
}

/** One run's demands on a relay. */
export interface Run {
  connections: number;
  streams: number;
  tokens: number;
  /** For each stream; 0: at full speed. */
  tokensASecond: number;
  historyBytes?: number;
  /** The model's time before its first token. */
  thinksMs?: number;
}

export interface Outcome extends Taken {
  cpuMs: number;
  /** The model's and the database's own parts of the time to each first token. */
  modelMs: number[];
  databaseMs: number[];
}

// The first of the recording.
const FIRST_TOKEN = '"content":"**';
const STORE_DEADLINE_MS = 10_000;

export class World {
  readonly #model: PeerProcess;
  readonly #database: PeerProcess;
  readonly #client: PeerProcess;
  readonly #root: string;
  modelUrl = "";
  #databaseUrl = "";

  constructor(root: string) {
    this.#root = root;
    this.#model = new PeerProcess("model", join(root, "tests/fixtures/openai-text.chunks.txt"));
    this.#database = new PeerProcess("database");
    this.#client = new PeerProcess("client");
  }

  async start(): Promise<void> {
    this.modelUrl = `${await this.#model.call<string>("listen")}/v1`;
    this.#databaseUrl = `${await this.#database.call<string>("listen")}/rest/v1`;
  }

  stop(): void {
    for (const peer of [this.#model, this.#database, this.#client]) peer.stop();
  }

  /** The settings of a gateway that is no function to stand between clients and the model. */
  get peers(): { modelUrl: string; databaseUrl: string } {
    return { modelUrl: this.modelUrl, databaseUrl: this.#databaseUrl };
  }

  async startRelay(kind: RelayKind, runtime: Runtime): Promise<RelayProcess> {
    const part = await startFunctions({
      root: this.#root,
      runtime,
      port: 0,
      output: join(this.#root, "build", kind.output),
      log: (line) => {
        if (process.env["VERBOSE"]) console.error(line);
      },
      environment: {
        MODEL_URL: this.modelUrl,
        DATABASE_URL: this.#databaseUrl,
        DATABASE_KEY: "sb_secret_test",
        SUPABASE_URL: this.#databaseUrl.replace("/rest/v1", ""),
        SUPABASE_SECRET_KEYS: '{"default":"sb_secret_test"}',
        SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_test"}',
        FABULA_ENV: "development",
        MODEL_CHAT: "local:scripted",
        LOCAL_BASE_URL: this.modelUrl,
        FABULA_COALESCE_MS: String(kind.coalesceMs ?? 100),
      },
    });
    return { kind, url: part.url + kind.path, processId: part.processId, stop: part.stop };
  }

  /** The model, without anything between. */
  direct(): RelayProcess {
    return {
      kind: { ...PASS_THROUGH, title: "no relay" },
      url: `${this.modelUrl}/chat/completions`,
      processId: process.pid,
      stop: async () => {},
    };
  }

  /** Throws when the relay has not done its whole work. */
  async run(relay: RelayProcess, run: Run): Promise<Outcome> {
    const { tokens, tokensASecond, historyBytes = 2000, thinksMs = 0 } = run;
    await this.#model.call("set", { tokens, tokensASecond, thinksMs } satisfies ModelSettings);
    await this.#database.call("set", { historyBytes } satisfies DatabaseSettings);
    const beforeMs = cpuMs(relay.processId);
    const taken = await this.#client.call<Taken>("run", {
      url: relay.url,
      ...(relay.kind.body && { body: JSON.stringify(relay.kind.body) }),
      connections: run.connections,
      streams: run.streams,
      lastWords: relay.kind.isPassThrough ? "[DONE]" : '"type":"done"',
      token: FIRST_TOKEN,
      spreadMs: tokensASecond === 0 ? 0 : 300,
    } satisfies Load);
    const isStored = !relay.kind.isPassThrough;
    const { beganMs: databaseMs } = isStored
      ? await this.#stored(run.streams)
      : await this.#database.call<DatabaseCounts>("counts");
    const usedMs = cpuMs(relay.processId) - beforeMs;
    const counts = await this.#model.call<ModelCounts>("counts");
    checkTaken(relay, run, taken, counts);
    return { ...taken, cpuMs: usedMs, modelMs: counts.firstTokenMs, databaseMs };
  }

  /** The growth of resident memory while that many streams are open, in kilobytes each. */
  async residentKilobytesAStream(relay: RelayProcess, run: Run): Promise<number> {
    await this.run(relay, { ...run, connections: 4, streams: 4, tokensASecond: 0 });
    const before = residentKilobytes(relay.processId);
    const [outcome] = [this.run(relay, run)];
    await delay((run.tokens / run.tokensASecond) * 600);
    const during = residentKilobytes(relay.processId);
    await outcome;
    return (during - before) / run.connections;
  }

  /** Resolves when all replies are in the database, whole. */
  async #stored(streams: number): Promise<DatabaseCounts> {
    const { textBytes } = await this.#model.call<ModelCounts>("counts");
    const deadlineMs = performance.now() + STORE_DEADLINE_MS;
    for (;;) {
      const counts = await this.#database.call<DatabaseCounts>("counts");
      if (counts.finished >= streams && counts.textBytes === streams * textBytes) return counts;
      if (performance.now() > deadlineMs) {
        const expected = JSON.stringify({ streams, textBytes: streams * textBytes });
        throw new Error(`stored is ${JSON.stringify(counts)} instead of ${expected}`);
      }
      await delay(5);
    }
  }
}

function checkTaken({ kind }: RelayProcess, run: Run, taken: Taken, counts: ModelCounts): void {
  const { streams } = run;
  if (counts.requests !== streams) throw new Error(`the model was asked ${counts.requests} times`);
  if (taken.firstTokenMs.length !== streams) throw new Error("some stream had no first token");
  if (kind.isPassThrough && !kind.rewrites && taken.bytes !== streams * counts.bytesAnAnswer) {
    throw new Error(`${kind.title} handed on ${taken.bytes} bytes`);
  }
}
