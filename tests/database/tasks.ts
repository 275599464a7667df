// Work that is done after a turn: workers, and conversations that leave some behind.
import type { Row, Target } from "./target.ts";
import { begin, finish, say, type Principal } from "./turns.ts";

const FAR_AWAY = "2999-01-01T00:00:00Z";

export async function claim(target: Target, changes: Row = {}): Promise<Row | null> {
  return (await target.call("claim_task", { kinds: ["session_summary"], ...changes }))["task"];
}

export function commit(target: Target, task: Row, summary: unknown, more: Row = {}): Promise<Row> {
  const { task_id, lease_token } = task;
  return target.call("commit_task", { task_id, lease_token, result: { summary, ...more } });
}

export function fail(target: Target, task: Row, changes: Row = {}): Promise<Row> {
  const { task_id, lease_token } = task;
  return target.call("fail_task", { task_id, lease_token, error: "It was away.", ...changes });
}

/** Other tests' work is claimed by nobody. */
export async function postponeOthers(target: Target): Promise<void> {
  for (const status of ["queued", "running"]) {
    await target.update("background_tasks", { status }, { run_after: FAR_AWAY });
  }
}

/** As if the task's time had come. */
export function wake(target: Target, { task_id }: Row): Promise<void> {
  return target.update("background_tasks", { task_id }, { run_after: "2020-01-01T00:00:00Z" });
}

/** A message of this many tokens, which begins with its number. */
export const sized = (number: number, tokens: number) =>
  `${number} `.padEnd((tokens - 4) * 4, ".");

/** The number that a message begins with. */
export const numberOf = (message: Row): number => Number.parseInt(message["content"], 10);

const TOKENS = 20;

/** A turn whose messages have this number and the next, sent with room for so many messages. */
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
