// The whole stack as its callers see it, once for each runtime: the functions as bundled by scripts/build,
// behind the origin of the development server.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { embeddedSupabaseSettings } from "../../scripts/local/functions_environment.ts";
import { startFunctions, type FunctionsPart } from "../../scripts/local/functions-runtime.ts";
import { startOrigin, type Origin } from "../../scripts/local/origin.ts";
import type { Runtime } from "../../scripts/local/settings.ts";
import { isLongRing } from "../ring.ts";
import { Backend, root, type Row } from "./backend.ts";
import { startParts } from "./parts.ts";
import { until } from "./wait.ts";

const BOTH_RUNTIMES: readonly Runtime[] = ["deno", "workerd"];
/**
 * The runtimes of this ring. Most behaviour comes from the guest and is the same on both; possible
 * differences between hosts are tested on both at each change: tests/hosts, and here `onBothRuntimes`.
 */
export const RUNTIMES: readonly Runtime[] = isLongRing ? BOTH_RUNTIMES : ["deno"];

/** The key of the scripted model's provider. */
export const PROVIDER_KEY = "sk-scripted-provider-key-0123456789";

export type Settings = (originUrl: string, modelUrl: string) => Record<string, string>;

export class Stack {
  readonly runtime: Runtime;
  readonly backend: Backend;
  /** The one origin, such as http://127.0.0.1:54321. */
  readonly url: string;
  /** The output of the runtime and the functions. */
  readonly lines: string[];
  #functions: FunctionsPart;
  /** The functions' environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #origin: Origin;

  private constructor(
    runtime: Runtime,
    backend: Backend,
    origin: Origin,
    functions: FunctionsPart,
    environment: Record<string, string>,
    lines: string[],
  ) {
    this.runtime = runtime;
    this.backend = backend;
    this.#origin = origin;
    this.url = originUrl(origin);
    this.#functions = functions;
    this.environment = environment;
    this.lines = lines;
  }

  get functions(): FunctionsPart {
    return this.#functions;
  }

  /** `settings` are given the URLs of the origin and of the model, and come on top of the development server's own. */
  static async start(
    runtime: Runtime,
    backend: Backend,
    settings: Settings = () => ({}),
  ): Promise<Stack> {
    backend.secrets.add(PROVIDER_KEY);
    const lines: string[] = [];
    let stack: Stack | undefined;
    const origin = await startOrigin(0, {
      // The functions decide for themselves here.
      callers: { origins: "*", hosts: [] },
      instance: randomUUID(),
      pageDir: join(root, "scripts/local/page"),
      functionsUrl: () => stack?.functions.url,
      databaseUrl: () => backend.databaseUrl,
    });
    const url = originUrl(origin);
    const environment = {
      FABULA_ENV: "development",
      FABULA_ALLOWED_ORIGINS: "*",
      MODEL_CHAT: "local:scripted",
      LOCAL_BASE_URL: backend.model.baseUrl,
      LOCAL_API_KEY: PROVIDER_KEY,
      ...embeddedSupabaseSettings(url, backend.databaseUrl, backend.keys),
      ...settings(url, backend.model.origin),
    };
    const functions = await startRuntime(runtime, environment, lines).catch(async (error: Error) => {
      await origin.close();
      throw error;
    });
    stack = new Stack(runtime, backend, origin, functions, environment, lines);
    return stack;
  }

  /** Kills the functions' process, and starts another one behind the same origin. */
  async killFunctions(): Promise<void> {
    process.kill(this.functions.processId, "SIGKILL");
    await this.functions.ended;
    this.#functions = await startRuntime(this.runtime, this.environment, this.lines);
  }

  /** The log entries about the request of this id, once there is one. */
  logEntries(requestId: string): Promise<Row[]> {
    const mark = `"request_id":${JSON.stringify(requestId)}`;
    return until(`a log line about ${requestId}`, () => {
      const found = this.lines.filter((line) => line.includes(mark));
      return found.length > 0 && found.map((line) => JSON.parse(line) as Row);
    });
  }

  async stop(): Promise<void> {
    await this.functions.stop();
    await this.#origin.close();
  }
}

function startRuntime(
  runtime: Runtime,
  environment: Readonly<Record<string, string>>,
  lines: string[],
): Promise<FunctionsPart> {
  const log = (line: string) => void lines.push(line);
  return startFunctions({ root, runtime, port: 0, environment: { ...environment }, log });
}

function originUrl(origin: Origin): string {
  return `http://127.0.0.1:${origin.port}`;
}

export interface SuiteOptions {
  settings?: Settings;
  /** A real PostgreSQL of the tests' own instead of the embedded one. */
  onPostgres?: boolean;
}

type Define = (stack: () => Stack) => void;

/** Defines the tests once for each runtime of this ring; the stack is ready when they run. */
export function onEachRuntime(title: string, define: Define, options: SuiteOptions = {}): void {
  onRuntimes(RUNTIMES, title, define, options);
}

/** The same on both runtimes in either ring: for behaviour in which they differ. */
export function onBothRuntimes(title: string, define: Define, options: SuiteOptions = {}): void {
  onRuntimes(BOTH_RUNTIMES, title, define, options);
}

function onRuntimes(
  runtimes: readonly Runtime[],
  title: string,
  define: Define,
  options: SuiteOptions,
): void {
  describe(title, () => {
    let backend: Backend;
    startParts(async (parts) => {
      if (options.onPostgres) ({ backend } = await parts.startBackend());
      else backend = parts.add(await Backend.start());
    });

    for (const runtime of runtimes) {
      describe(`on ${runtime}`, () => {
        let stack: Stack;
        before(async () => {
          stack = await Stack.start(runtime, backend, options.settings);
        });
        after(() => stack.stop());
        define(() => stack);
        test("the log of all this is JSON lines without a trap, a text or a key", () => {
          assertDiscreetLog(stack);
        });
      });
    }
  });
}

const LOG_MEMBERS = new Set(
  ("timestamp level message function request_id user_id session_id stream_id provider model " +
    "bot_id task acting_for conversation_id attempts latency_ms first_token_ms tokens_in tokens_out status outcome code cause provider_failures items_found items_kept items_without_quote").split(" "),
);

// workerd's own message about a client with invalid frames.
const BROKEN_FRAME = /^workerd\/\S+: error: .*remote\.jsg\.Error: WebSocket protocol error/;

/** The rules for every log, whatever has happened. */
export function assertDiscreetLog({ lines, backend }: Stack): void {
  assert.ok(lines.length > 0, "nothing was logged");
  for (const line of lines) {
    if (BROKEN_FRAME.test(line)) continue;
    const entry = JSON.parse(line) as Row;
    assert.match(entry["timestamp"], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, line);
    assert.match(entry["level"], /^(info|warn|error)$/, line);
    assert.match(entry["message"], /^(request|turn)$/, line);
    const unknown = Object.keys(entry).filter((name) => !LOG_MEMBERS.has(name));
    assert.deepEqual(unknown, [], line);
  }
  assert.deepEqual(backend.secrets.foundIn(lines), []);
  assert.deepEqual(backend.secrets.foundIn(backend.databaseLog), []);
}
