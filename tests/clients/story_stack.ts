// The whole stack with a model of stories, on a real PostgreSQL, and the common steps of its tests.
import assert from "node:assert/strict";
import pg from "pg";
import { startMaintenance } from "../../scripts/local/maintenance.ts";
import { startPostgres, type PostgresServer } from "../database/postgres_server.ts";
import { Backend, root, type Row } from "./backend.ts";
import { DatabaseDoor } from "./database_door.ts";
import { call } from "./people.ts";
import { assertDiscreetLog, Stack } from "./stack.ts";
import { Storyteller } from "./storyteller.ts";
import { until } from "./wait.ts";

const TASKS_EVERY_MS = 20;

export class StoryStack {
  readonly backend: Backend;
  readonly teller: Storyteller;
  readonly stack: Stack;
  /** The functions reach the database through it. */
  readonly door: DatabaseDoor;
  readonly #postgres: PostgresServer;
  #pool: pg.Pool | undefined;
  readonly #endMaintenance: (() => void)[] = [];

  private constructor(
    backend: Backend,
    stack: Stack,
    door: DatabaseDoor,
    postgres: PostgresServer,
  ) {
    this.backend = backend;
    this.stack = stack;
    this.door = door;
    this.#postgres = postgres;
    this.teller = new Storyteller(backend.model);
  }

  static async start(more: Record<string, string> = {}): Promise<StoryStack> {
    const postgres = await startPostgres(root, { migrated: false, roles: false });
    const started: { stop(): Promise<void> }[] = [postgres];
    try {
      const backend = await Backend.start({ databaseUrl: postgres.ownerUrl });
      started.push(backend);
      const door = await DatabaseDoor.open(() => backend.databaseUrl);
      started.push(door);
      const settings = () => ({ SUPABASE_REST_URL: door.restUrl, ...more });
      const stack = await Stack.start("deno", backend, settings);
      return new StoryStack(backend, stack, door, postgres);
    } catch (error) {
      for (const part of started.reverse()) await part.stop();
      throw error;
    }
  }

  /** A user whose plan has no bounds. */
  async newUser(): Promise<{ token: string; id: string }> {
    const response = await fetch(`${this.stack.url}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey: this.backend.keys.publishableKey, "content-type": "application/json" },
      body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: "a long password" }),
    });
    const { access_token, user } = (await response.json()) as Row;
    this.backend.secrets.add(access_token);
    return { token: access_token, id: user.id };
  }

  /** The limits of the plan that everybody has. */
  async boundPlan(calls: number | null, tokens: number | null = null): Promise<void> {
    await this.sql("update public.plans set calls_a_month = $1, tokens_a_month = $2", [calls, tokens]);
  }

  call(method: string, path: string, token: string, body?: object): Promise<Row> {
    return call(this.stack, method, path, token, body);
  }

  /** Starts workers that look for work again and again; the answer ends them. */
  work(workers = 1): void {
    for (let number = 0; number < workers; number += 1) {
      this.#endMaintenance.push(
        startMaintenance({
          databaseUrl: () => this.backend.databaseUrl,
          functionsUrl: () => this.stack.functions.url,
          secretKey: this.backend.keys.secretKey,
          log: () => {},
          tasksEveryMs: TASKS_EVERY_MS,
        }),
      );
    }
  }

  rest(): void {
    for (const end of this.#endMaintenance.splice(0)) end();
  }

  /** The job once it has ended, each look at it given to `look`. A look over HTTP might do a step of it. */
  ended(taskId: string, longestMs: number, look: (job: Row) => void = () => {}): Promise<Row> {
    return until(
      `the end of task ${taskId}`,
      async () => {
        const job = await this.job(taskId);
        look(job);
        return /^(done|failed|cancelled)$/.test(job["status"]) && job;
      },
      longestMs,
    );
  }

  async job(taskId: string): Promise<Row> {
    const [job] = await this.sql("select * from public.jobs where job_id = $1", [taskId]);
    return job!;
  }

  /** Begins a whole story, and has its result once it has been written by workers. */
  async write(token: string, body: object, longestMs: number): Promise<Row> {
    const begun = await this.call("POST", "/story/generate-full", token, body);
    const job = await this.ended(begun["task_id"], longestMs);
    assert.equal(job["status"], "done", JSON.stringify(job));
    return this.call("GET", `/story/task/${begun["task_id"]}/result`, token);
  }

  /** Connects to the database as its superuser. */
  get ownerUrl(): string {
    return this.#postgres.ownerUrl;
  }

  async sql(text: string, values: unknown[] = []): Promise<Row[]> {
    this.#pool ??= new pg.Pool({ connectionString: this.#postgres.ownerUrl, max: 2 });
    return (await this.#pool.query(text, values)).rows;
  }

  /** Ends the functions' process without a word, starts another one, and makes its dead steps due. */
  async killFunctions(): Promise<void> {
    await this.stack.killFunctions();
    await this.sql("update public.job_steps set run_after = now() where status in ('queued', 'running')");
  }

  async stop(): Promise<void> {
    this.rest();
    await this.stack.stop();
    await this.#pool?.end();
    await this.door.stop();
    await this.backend.stop();
    await this.#postgres.stop();
    assertDiscreetLog(this.stack);
  }
}

/** All scenes of the outline are told once: their key events occur once in the whole story. */
export function assertToldOnce(result: Row): void {
  const story = result["story"] as string;
  const outline = result["outline"] as Row[];
  const scenes = outline.flatMap((one) => (one["scenes"] as Row[] | undefined) ?? [one]);
  assert.ok(scenes.length >= 5);
  for (const scene of scenes) {
    for (const event of scene["key_events"] as string[]) {
      assert.equal(story.split(event).length - 1, 1, `"${event}" of scene ${scene["number"]} (${scene["title"]})`);
    }
  }
}
