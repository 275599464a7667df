// How PostgreSQL executes the statements inside functions, from auto_explain.
import type pg from "pg";
import type { Row } from "./target.ts";

export interface Statement {
  text: string;
  /** The planner's estimate, in its own unit. */
  cost: number;
  nodes: Row[];
}

/**
 * Explains everything that this connection executes from now on. The client must be a superuser's.
 */
export async function explainEverything(client: pg.Client): Promise<void> {
  await client.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_format = json;
    set client_min_messages = log`);
}

/** The statements that are executed while `work` runs. */
export async function statementsOf(
  client: pg.Client,
  work: () => Promise<unknown>,
): Promise<Statement[]> {
  const statements: Statement[] = [];
  const listen = (notice: { message?: string | undefined }) => {
    const json = /^duration: \S+ ms {2}plan:\n(.*)$/s.exec(notice.message ?? "")?.[1];
    if (!json) return;
    const { "Query Text": text, Plan: plan } = JSON.parse(json);
    statements.push({ text, cost: plan["Total Cost"], nodes: nodesOf(plan) });
  };
  client.on("notice", listen);
  try {
    await work();
  } finally {
    client.off("notice", listen);
  }
  return statements;
}

function nodesOf(plan: Row): Row[] {
  return [plan, ...((plan["Plans"] ?? []) as Row[]).flatMap(nodesOf)];
}

/** Rows that a node has read from its table, whether it returned them or not. */
export function rowsRead(node: Row): number {
  if (!node["Relation Name"] || node["Node Type"] === "ModifyTable") return 0;
  const perLoop =
    node["Actual Rows"] +
    (node["Rows Removed by Filter"] ?? 0) +
    (node["Rows Removed by Index Recheck"] ?? 0);
  return perLoop * node["Actual Loops"];
}
