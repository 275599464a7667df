// Shares of plans, as whatever begins work takes them.
import { change, claimOne, KIND } from "./jobs.ts";
import type { SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import type { Principal } from "./turns.ts";

export interface Share {
  calls: number;
  tokens: number;
  images: number;
}

export const ONE_CALL: Share = { calls: 1, tokens: 100, images: 0 };

/** Begins a job with a share in one transaction, as all work that spends begins; the job's id. */
export async function beginWithShare(
  target: SqlTarget,
  principal: Principal,
  project_id: string,
  share: Share = ONE_CALL,
  changes: Row = {},
): Promise<string> {
  const [row] = await target.runAs(
    "service_role",
    `select job_id, private.take_share(private.resolve_principal($1), job_id, $3, $4, $5)
     from (select (public.start_job($2) -> 'body' ->> 'job_id')::uuid as job_id offset 0) begun`,
    [principal, { principal, kind: KIND, project_id, ...changes }, share.calls, share.tokens, share.images],
  );
  return row!["job_id"];
}

export async function usageOf(target: SqlTarget, principal: Principal): Promise<Row> {
  return (await target.call("read_usage", { principal }))["body"];
}

/** A plan of this name with these limits, which the principal has. */
export async function givePlan(
  target: SqlTarget,
  principal: Principal,
  limits: Partial<Record<keyof Share, number>>,
  name = `plan_${Math.random().toString(36).slice(2)}`,
): Promise<string> {
  await target.call("save_plan", {
    plan_name: name,
    body: {
      calls_a_month: limits.calls ?? null,
      tokens_a_month: limits.tokens ?? null,
      images_a_month: limits.images ?? null,
    },
  });
  const [{ id }] = (await target.runAs("service_role", "select private.resolve_principal($1) as id", [
    principal,
  ])) as [Row];
  await target.call("set_plan", { user_id: id, body: { plan: name } });
  return name;
}

export const CALL = { provider: "test", model: "m", status: "complete", input_tokens: 30, output_tokens: 12 };
export const CALL_TOKENS = CALL.input_tokens + CALL.output_tokens;

export const cancel = (target: SqlTarget, principal: Principal, job_id: string) =>
  change(target, principal, "cancel_job", { job_id });

export const claimOf = async (target: SqlTarget, job_id: string): Promise<Row> =>
  (await claimOne(target, { job_id }))!;
