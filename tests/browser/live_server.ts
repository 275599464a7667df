// The page for live conversations on real functions and a real database, with a scripted model: the process
// of the functions can be killed and started again, and time can be let pass.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { embeddedSupabaseSettings } from "../../scripts/local/functions_environment.ts";
import { startFunctions, type FunctionsPart } from "../../scripts/local/functions-runtime.ts";
import { startOrigin, type Origin } from "../../scripts/local/origin.ts";
import { Backend, root, type Row } from "../clients/backend.ts";

export const LEFT_SECONDS = 1;
const ORIGIN_OF_PAGES = "http://live-server.invalid";

export class LiveServer {
  readonly backend: Backend;
  readonly url: string;
  #functions: FunctionsPart | undefined;

  private constructor(backend: Backend, origin: Origin) {
    this.backend = backend;
    this.url = `http://127.0.0.1:${origin.port}`;
  }

  static async start(context: TestContext): Promise<LiveServer> {
    const backend = await Backend.start();
    let server: LiveServer;
    const origin = await startOrigin(0, {
      callers: { origins: [], hosts: [] },
      originOfPages: ORIGIN_OF_PAGES,
      instance: randomUUID(),
      pageDir: join(root, "scripts/local/page"),
      functionsUrl: () => server.#functions?.url,
      databaseUrl: () => backend.databaseUrl,
    });
    server = new LiveServer(backend, origin);
    context.after(async () => {
      await server.#functions?.stop();
      await origin.close();
      await backend.stop();
    });
    await server.startFunctions();
    return server;
  }

  async startFunctions(): Promise<void> {
    const { backend, url } = this;
    const environment = {
      FABULA_ENV: "development",
      FABULA_ALLOWED_ORIGINS: ORIGIN_OF_PAGES,
      MODEL_CHAT: "local:scripted",
      LOCAL_BASE_URL: backend.model.baseUrl,
      FABULA_REALTIME_LEFT_SECONDS: String(LEFT_SECONDS),
      FABULA_COALESCE_MS: "0",
      ...embeddedSupabaseSettings(url, backend.databaseUrl, backend.keys),
    };
    this.#functions = await startFunctions({
      root,
      runtime: "deno",
      port: 0,
      environment,
      log: () => {},
    });
  }

  /** Like losing the machine: nothing is saved or sent any more. */
  async killFunctions(): Promise<void> {
    const killed = this.#functions!;
    this.#functions = undefined;
    process.kill(killed.processId, "SIGKILL");
    await killed.ended;
  }

  async runTasks(): Promise<Row> {
    const response = await fetch(`${this.url}/functions/v1/tasks/run`, {
      method: "POST",
      headers: { apikey: this.backend.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ kinds: ["realtime_summary"] }),
    });
    return (await response.json()) as Row;
  }

  /** Pretends that for a minute no writer of a reply and no connection has been heard of. */
  async letWritersBeSilent(): Promise<void> {
    await this.#patch("generations?status=eq.streaming", "heartbeat_at");
  }
  async letConnectionsBeGone(): Promise<void> {
    await this.#patch("live_connections?connection_id=not.is.null", "seen_at");
    await this.#patch("live_sessions?end_time=is.null", "present_until");
    await this.#patch("job_steps?kind=eq.realtime_summary&status=in.(queued,running)", "run_after");
  }

  async #patch(rows: string, column: string): Promise<void> {
    const earlier = new Date(Date.now() - 300_000).toISOString();
    const response = await fetch(`${this.backend.databaseUrl}/rest/v1/${rows}`, {
      method: "PATCH",
      headers: { apikey: this.backend.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ [column]: earlier }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
}
