// The jobs that pg_cron runs on Supabase, because the database has no scheduler here; and the call for the
// work that turns leave behind, which comes sooner than there.
import { setTimeout as sleep } from "node:timers/promises";

const HOUR_MS = 3_600_000;
const REAPING_GAP_MS = 30_000;
const TASKS_GAP_MS = 2_000;
/** How much longer than a batch of the cleaner the pause after it is (supabase/schemas/cleaning/clean.sql). */
const PAUSES_A_BATCH = 2;
const DATABASE_DEADLINE_MS = 60_000;
// Longer than the function's longest time limit.
const TASKS_DEADLINE_MS = 620_000;

export interface MaintenanceOptions {
  /** The database's current URL; undefined while it is not running. */
  databaseUrl: () => string | undefined;
  /** The functions' current URL; without it no tasks are done. */
  functionsUrl?: () => string | undefined;
  secretKey: string;
  /** Takes reports of failures. */
  log: (line: string) => void;
  everyMs?: number;
  reapEveryMs?: number;
  tasksEveryMs?: number;
}

type Row = Record<string, unknown>;

interface Job {
  what: string;
  gapMs: number;
  /** A fault of a frequent job is reported once, until the job has succeeded again. */
  isQuiet: boolean;
  work: (options: MaintenanceOptions, signal: AbortSignal) => Promise<void>;
}

/**
 * From now on deletes what is due, ends silent replies and has tasks done; call the result to
 * stop.
 */
export function startMaintenance(options: MaintenanceOptions): () => void {
  const { everyMs = HOUR_MS, reapEveryMs = REAPING_GAP_MS, tasksEveryMs = TASKS_GAP_MS } = options;
  const jobs: Job[] = [
    { what: "what is due could not be deleted", gapMs: everyMs, isQuiet: false, work: clean },
    { what: "silent replies could not be ended", gapMs: reapEveryMs, isQuiet: true, work: reap },
    { what: "tasks could not be done", gapMs: tasksEveryMs, isQuiet: true, work: runTasks },
  ];
  const ended = new AbortController();
  for (const job of jobs) void repeat(job, options, ended.signal);
  return () => ended.abort();
}

/** Does the job now and repeatedly, never twice at once. */
async function repeat(job: Job, options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  let wasFault = false;
  while (!signal.aborted) {
    try {
      await job.work(options, signal);
      wasFault = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!wasFault || !job.isQuiet) options.log(`${job.what}: ${(error as Error).message}`);
      wasFault = true;
    }
    await sleep(job.gapMs, undefined, { ref: false, signal }).catch(() => {});
  }
}

// The function deletes one batch per call. Most turns find the database without it.
async function clean(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    const begun = performance.now();
    const answer = await callDatabase(options, "clean", signal);
    if (answer?.["left"] !== true) return;
    await sleep(PAUSES_A_BATCH * (performance.now() - begun), undefined, { ref: false, signal });
  }
}

async function reap(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  await callDatabase(options, "reap_generations", signal);
}

// The functions log every call, so they are called only when there is work.
async function runTasks(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  for (let isLeft: unknown = true; isLeft === true; ) {
    const url = options.functionsUrl?.();
    if (url === undefined) return;
    const answer = await callDatabase(options, "has_due_step", signal);
    if (answer?.["due"] !== true) return;
    const path = `${url}/tasks/run`;
    ({ left: isLeft } = await post(path, options.secretKey, {}, signal, TASKS_DEADLINE_MS));
  }
}

/** The answer of a database function; nothing while the database is not running. */
async function callDatabase(
  { databaseUrl, secretKey }: MaintenanceOptions,
  name: string,
  signal: AbortSignal,
): Promise<Row | undefined> {
  const url = databaseUrl();
  if (url === undefined) return undefined;
  const path = `${url}/rest/v1/rpc/${name}`;
  return post(path, secretKey, { request: {} }, signal, DATABASE_DEADLINE_MS);
}

async function post(
  url: string,
  apikey: string,
  body: object,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<Row> {
  const response = await fetch(url, {
    method: "POST",
    headers: { apikey, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Row;
}
