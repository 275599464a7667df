// Reading conversations for their dossiers: workers, and turns that leave text to read.
import { claim, leaseOf, wake } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, type Principal } from "./turns.ts";

const KINDS = ["dossier_extraction"];

/** The work of this session; null when there is none. */
export function claimReading(target: Target, { session_id }: Row, more: Row = {}) {
  return claim(target, { kinds: KINDS, session_id, ...more });
}

/** Commits a worker's findings, on the log that it was given. */
export function commitReading(
  target: Target,
  task: Row,
  assertions: Row[],
  more: Row = {},
): Promise<Row> {
  const base = task["dossier"]["head"];
  return target.call("commit_step", {
    ...leaseOf(task),
    result: { base, assertions, model: "a-model", ...more },
  });
}

/** Pretends that the task is due. */
export async function wakeReading(target: Target, { session_id }: Row): Promise<void> {
  for (const { job_id } of await target.select("jobs", { session_id })) {
    for (const step of await target.select("job_steps", { job_id, status: "queued" })) {
      await wake(target, step);
    }
  }
}

/** A turn that is worth reading. */
export async function tell(
  target: Target,
  user: Principal,
  text: string,
  reply: string,
  changes: Row = {},
): Promise<Row> {
  const turn = await begin(target, user, { text, ...changes });
  await finish(target, turn, { text: reply, extract: true });
  return turn;
}

/** The parts of messages that a task is about. */
export const partsOf = (task: Row): [unknown, string][] =>
  task["messages"].map((message: Row) => [message["message_id"], message["text"]]);
