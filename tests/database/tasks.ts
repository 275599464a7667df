// Work after turns: workers, and conversations that leave such work. Waiting work is a step of a
// job. A conversation's summary is one job, and so is the reading for its dossier; their steps come
// one after another.
import type { SqlTarget } from "./sql_target.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, say, type Principal } from "./turns.ts";

const FAR_AWAY = "2999-01-01T00:00:00Z";

export async function claim(target: Target, changes: Row = {}): Promise<Row | null> {
  return (await target.call("claim_step", { kinds: ["session_summary"], ...changes }))["step"];
}

/** The identification of a claimed step. */
export const leaseOf = ({ job_id, step, lease_token }: Row): Row => ({ job_id, step, lease_token });

export function commit(target: Target, task: Row, summary: unknown, more: Row = {}): Promise<Row> {
  return target.call("commit_step", { ...leaseOf(task), result: { summary, ...more } });
}

export function fail(target: Target, task: Row, changes: Row = {}): Promise<Row> {
  return target.call("fail_step", { ...leaseOf(task), error: "It was away.", ...changes });
}

/** Keeps other tests' work from being claimed. */
export async function postponeOthers(target: Target): Promise<void> {
  for (const status of ["queued", "running"]) {
    await target.update("job_steps", { status }, { run_after: FAR_AWAY });
  }
}

/**
 * Makes a step due, or its worker's lease end. If others work at the same time, the job is locked
 * before its step, as all workers do, so that its deletion waits.
 */
export async function wake(target: Target | SqlTarget, { job_id, step }: Row): Promise<void> {
  const run_after = "2020-01-01T00:00:00Z";
  if (!("runAs" in target)) return target.update("job_steps", { job_id, step }, { run_after });
  await target.runAs(
    "service_role",
    `with job as materialized (select job_id from public.jobs where job_id = $1 for no key update)
     update public.job_steps stepped set run_after = $3
     from job where stepped.job_id = job.job_id and stepped.step = $2`,
    [job_id, step, run_after],
  );
}

/** A message of this many tokens, which begins with its number. */
export const sized = (number: number, tokens: number) =>
  `${number} `.padEnd((tokens - 4) * 4, ".");

/** The number that a message begins with. */
export const numberOf = (message: Row): number => Number.parseInt(message["content"], 10);

const TOKENS = 20;

/** A turn whose messages have this number and the next, with room for `room` earlier messages. */
export async function turnOf(
  target: Target,
  user: Principal,
  number: number,
  room: number,
  changes: Row = {},
): Promise<Row> {
  const turn = await begin(target, user, {
    text: sized(number, TOKENS),
    history_budget_tokens: (room + 1) * TOKENS,
    ...changes,
  });
  await finish(target, turn, { text: sized(number + 1, TOKENS) });
  return turn;
}

/** A conversation of messages with the numbers from 1 on. */
export async function conversation(
  target: Target,
  user: Principal,
  messages: number,
  tokens = TOKENS,
): Promise<string> {
  let session_id: unknown = null;
  for (let number = 1; number <= messages; number += 2) {
    const [question, reply] = [sized(number, tokens), sized(number + 1, tokens)];
    const turn = await say(target, user, question, reply, {
      session_id,
      history_budget_tokens: 1_000_000,
    });
    session_id = turn["session_id"];
  }
  return session_id as string;
}
