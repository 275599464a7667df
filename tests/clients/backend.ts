// The parts that the functions of both runtimes share in one file of tests: the embedded Supabase, with
// its own data directory, and a scripted model.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { startDatabase, type DatabaseOptions } from "../../scripts/local/database.ts";
import { loadKeys, type Keys } from "../../scripts/local/keys.ts";
import type { Part } from "../../scripts/local/part.ts";
import { prepareFiles } from "../database/prepared_files.ts";
import { ScriptedModel } from "./scripted_model.ts";
import { Secrets } from "./secrets.ts";

// The bundled tests lie in build/tests/clients.
export const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

export type Row = Record<string, any>;

export const TABLES = [
  "principals",
  "profiles",
  "deleted_accounts",
  "projects",
  "dossiers",
  "dossier_assertions",
  "sessions",
  "messages",
  "message_revisions",
  "generations",
  "generation_chunks",
  "withdrawn_calls",
  "model_calls",
  "usage",
  "rate_limits",
  "session_summaries",
  "jobs",
  "job_steps",
  "message_extractions",
  "bots",
  "live_sessions",
  "conversation_events",
  "characters",
  "memory_logs",
  "memory_entries",
  "memories",
  "memory_readings",
  "deleted_snapshots",
  "stories",
  "story_parts",
  "story_versions",
  "story_cache",
  "story_requests",
  "story_events",
  "story_drafts",
  "story_illustrations",
  "deleted_illustrations",
  "plans",
  "principal_plans",
  "plan_shares",
  "idempotency_keys",
] as const;
/** Other names for rows of these tables. */
export const NAMING_VIEWS = ["realtime_sessions", "session_events", "relay_messages", "chats"];
/** Tables with only numbers and times, which any turn may change: totals, and the order of service. */
export const METRICS_TABLES = [
  "stored_byte_changes",
  "turn_ends",
  "turn_totals",
  "model_call_changes",
  "model_call_totals",
  "duration_totals",
  "metrics_cache",
  "admission_counters",
  "deployment_usage",
  "job_queues",
  "cleaning_state",
  "retention_periods",
  "live_connections",
];
export type Table = (typeof TABLES)[number];

export interface BackendOptions {
  /** A real PostgreSQL instead of the embedded one. */
  databaseUrl?: string;
}

export class Backend {
  readonly keys: Keys;
  readonly model: ScriptedModel;
  readonly secrets: Secrets;
  readonly databaseLog: string[] = [];
  readonly #dataDir: string;
  readonly #options: BackendOptions;
  #database!: Part;

  private constructor(dataDir: string, secrets: Secrets, model: ScriptedModel, options: BackendOptions) {
    this.#dataDir = dataDir;
    this.#options = options;
    this.secrets = secrets;
    this.model = model;
    this.keys = loadKeys(dataDir);
    secrets.add(this.keys.secretKey);
    secrets.add(this.keys.jwtSecret);
    secrets.add(this.keys.encryptionKey);
  }

  static async start(options: BackendOptions = {}): Promise<Backend> {
    const secrets = new Secrets();
    const dataDir = mkdtempSync(join(tmpdir(), "fabula-clients-"));
    const model = await ScriptedModel.start(secrets);
    const backend = new Backend(dataDir, secrets, model, options);
    try {
      await backend.#startDatabase();
    } catch (error) {
      await model.stop();
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }
    return backend;
  }

  get databaseUrl(): string {
    return this.#database.url;
  }

  /** Ends the database and starts it again from its stored data. */
  async restartDatabase(): Promise<void> {
    await this.#database.stop();
    await this.#startDatabase();
  }

  /** Rows as the secret key sees them, where every column has the given value. */
  async rows(table: Table, where: Row = {}, order?: string): Promise<Row[]> {
    const query = new URLSearchParams();
    for (const [column, value] of Object.entries(where)) query.set(column, `eq.${value}`);
    if (order) query.set("order", order);
    const response = await fetch(`${this.databaseUrl}/rest/v1/${table}?${query}`, {
      headers: { apikey: this.keys.secretKey },
    });
    if (!response.ok) throw new Error(`${table}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Row[];
  }

  /** The steps of the jobs that have these values, of each in their order. */
  async steps(where: Row): Promise<Row[]> {
    const jobs = await this.rows("jobs", where, "created_at");
    return (
      await Promise.all(jobs.map(({ job_id }) => this.rows("job_steps", { job_id }, "step")))
    ).flat();
  }

  /** Pretends that these jobs' steps are due, and their workers' leases are over. */
  async makeStepsDue(where: Row): Promise<void> {
    for (const { job_id } of await this.rows("jobs", where)) {
      await this.#setStepsDue(`job_id=eq.${job_id}&status=in.(queued,running)`, "2020-01-01T00:00:00Z");
    }
  }

  /** No worker begins a step that is queued now, of one job or of all. Postponed steps keep their rows unchanged. */
  putStepsOff(job_id?: string): Promise<void> {
    const never = "2100-01-01T00:00:00Z";
    const whose = job_id ? `job_id=eq.${job_id}&` : "";
    return this.#setStepsDue(`${whose}status=eq.queued&run_after=lt.${never}`, never);
  }

  async #setStepsDue(steps: string, run_after: string): Promise<void> {
    const response = await fetch(`${this.databaseUrl}/rest/v1/job_steps?${steps}`, {
      method: "PATCH",
      headers: { apikey: this.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ run_after }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }

  /** A session's messages in the order in which they came. */
  messages(sessionId: string): Promise<Row[]> {
    return this.rows("messages", { session_id: sessionId }, "position");
  }

  /** Everything that is stored, to see that nothing has changed. */
  async everything(): Promise<Record<string, Row[]>> {
    const { databaseUrl } = this.#options;
    if (databaseUrl) return everythingOf(databaseUrl);
    const tables = TABLES.map(async (table) => [table, await this.rows(table)] as const);
    return Object.fromEntries(await Promise.all(tables));
  }

  async stop(): Promise<void> {
    await this.#database.stop();
    await this.model.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #startDatabase(): Promise<void> {
    const { databaseUrl } = this.#options;
    const options: DatabaseOptions = {
      root,
      dataDir: this.#dataDir,
      port: 0,
      ...this.keys,
      ...(databaseUrl && { databaseUrl }),
      log: (line) => void this.databaseLog.push(line),
    };
    const isFirst = !existsSync(join(this.#dataDir, "database"));
    if (isFirst && !databaseUrl) await prepareFiles(options);
    this.#database = await startDatabase(options);
  }
}

/** In one statement: over REST it takes a request a table. */
async function everythingOf(connectionString: string): Promise<Record<string, Row[]>> {
  const rows = TABLES.map(
    (table) => `'${table}', (select coalesce(json_agg(row), '[]') from public.${table} as row)`,
  );
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(`select json_build_object(${rows.join(", ")}) as all`)).rows[0].all;
  } finally {
    await client.end();
  }
}
