// Requests about dossiers that the tests send again and again.
import { createHash } from "node:crypto";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import type { Principal } from "./turns.ts";

/** A project's dossier without any facts. */
export const EMPTY_SNAPSHOT = {
  characters: [],
  themes: [],
  locations: [],
  plot_points: [],
  objects: [],
  open_questions: [],
};

export async function newProject(
  target: Target,
  user: Principal,
  name = "The fox",
): Promise<string> {
  const made = await ask(target, user, "create_project", { body: { name } });
  return made["body"]["project_id"];
}

/** An assertion whose id is the hash of its content. */
export function assertion(content: unknown, changes: Row = {}): Row {
  const kind = "extracted";
  const body = { content };
  const assertion_id = createHash("sha256").update(JSON.stringify([kind, body])).digest("hex");
  return { assertion_id, kind, body, message_id: null, ...changes };
}

/** A snapshot that differs from all others. */
export function snapshot(logline: string, changes: Row = {}): Row {
  return { ...EMPTY_SNAPSHOT, logline, ...changes };
}

export function commit(
  target: Target,
  project_id: string,
  base: number,
  assertions: Row[],
  changes: Row = {},
): Promise<Row> {
  return target.call("commit_assertions", { project_id, base, assertions, ...changes });
}

/** The whole log, read in pieces as callers do. */
export async function readLog(target: Target, project_id: string): Promise<Row[]> {
  const log: Row[] = [];
  for (;;) {
    const base = log.at(-1)?.["position"] ?? 0;
    const { tail } = await commit(target, project_id, base, []);
    if (tail === null || tail.length === 0) return log;
    log.push(...tail);
  }
}
