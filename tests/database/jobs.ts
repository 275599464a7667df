// Jobs of a kind that exists in these tests alone: nothing in the database knows it by name.
import { ask } from "./lists.ts";
import { leaseOf } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import type { Principal } from "./turns.ts";

export const KIND = "test_writing";

/** The body of the answer. */
export async function startJob(
  target: Target,
  principal: Principal,
  project_id: string,
  changes: Row = {},
): Promise<Row> {
  return (await ask(target, principal, "start_job", { kind: KIND, project_id, ...changes }))["body"];
}

export async function readJob(target: Target, principal: Principal, { job_id }: Row): Promise<Row> {
  return (await ask(target, principal, "read_job", { job_id }))["body"];
}

/** cancel_job, pause_job, resume_job or retry_step; the job after it. */
export async function change(
  target: Target,
  principal: Principal,
  name: string,
  { job_id }: Row,
  more: Row = {},
): Promise<Row> {
  return (await ask(target, principal, name, { job_id, ...more }))["body"];
}

/** A step; null when there is none to do. */
export async function claimOne(target: Target, more: Row = {}): Promise<Row | null> {
  return (await target.call("claim_step", { kinds: [KIND], ...more }))["step"];
}

export function commitOne(target: Target, step: Row, result: Row = {}, more: Row = {}): Promise<Row> {
  return target.call("commit_step", { ...leaseOf(step), result, ...more });
}
