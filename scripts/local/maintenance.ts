// What pg_cron does on Supabase, because the database has no clock of its own here; and the call for
// what turns leave behind, which comes sooner here than there.
import { setTimeout as sleep } from "node:timers/promises";

const HOUR_MS = 3_600_000;
const REAPING_GAP_MS = 30_000;
const TASKS_GAP_MS = 2_000;
const DATABASE_DEADLINE_MS = 60_000;
// Longer than the function can be told to work.
const TASKS_DEADLINE_MS = 620_000;

export interface MaintenanceOptions {
  /** Where the database is now; undefined while it is not there. */
  databaseUrl: () => string | undefined;
  /** Where the functions are now; without it no tasks are done. */
  functionsUrl?: () => string | undefined;
  secretKey: string;
  /** Takes what could not be done. */
  log: (line: string) => void;
  everyMs?: number;
  reapEveryMs?: number;
  tasksEveryMs?: number;
}

type Row = Record<string, unknown>;

interface Job {
  what: string;
  gapMs: number;
  /** Of a job that comes often a fault is told once, until it has gone well again. */
  isQuiet: boolean;
  work: (options: MaintenanceOptions, signal: AbortSignal) => Promise<void>;
}

/** Deletes expired guests and old rows, ends silent replies and has tasks done, from now on; the answer ends it. */
export function startMaintenance(options: MaintenanceOptions): () => void {
  const { everyMs = HOUR_MS, reapEveryMs = REAPING_GAP_MS, tasksEveryMs = TASKS_GAP_MS } = options;
  const jobs: Job[] = [
    { what: "expired guests could not be deleted", gapMs: everyMs, isQuiet: false, work: deleteGuests },
    { what: "old rows could not be deleted", gapMs: everyMs, isQuiet: false, work: deleteOldRows },
    { what: "silent replies could not be ended", gapMs: reapEveryMs, isQuiet: true, work: reap },
    { what: "tasks could not be done", gapMs: tasksEveryMs, isQuiet: true, work: runTasks },
  ];
  const ended = new AbortController();
  for (const job of jobs) void repeat(job, options, ended.signal);
  return () => ended.abort();
}

/** Does the job now and again and again, never twice at once. */
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

// The function deletes a bounded number a call.
async function deleteGuests(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  for (let deleted: unknown = 1; Number(deleted) > 0; ) {
    const answer = await callDatabase(options, "delete_expired_guests", signal);
    if (answer === undefined) return;
    ({ deleted } = answer);
  }
}

async function deleteOldRows(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  for (const name of ["delete_finished_jobs", "delete_old_model_calls"]) {
    for (let deleted: unknown = 1; Number(deleted) > 0; ) {
      const answer = await callDatabase(options, name, signal);
      if (answer === undefined) return;
      ({ deleted } = answer);
    }
  }
}

async function reap(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  await callDatabase(options, "reap_generations", signal);
}

// The functions log every call, so they are called only when there is something to do.
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

/** The answer of an engine function; nothing while the database is not there. */
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
