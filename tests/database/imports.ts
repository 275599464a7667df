// Imports into dossiers: people who send texts, and workers who read them.
import { ask } from "./lists.ts";
import { leaseOf } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import type { Principal } from "./turns.ts";

/** One step for each text, each its own chapter. */
export function stepsOf(texts: string[]): Row[] {
  let from_byte = 0;
  return texts.map((text, place) => {
    const step = { text, chapter: place + 1, chapter_title: `Chapter ${place + 1}`, from_byte };
    from_byte += Buffer.byteLength(text) + 2;
    return step;
  });
}

/** The body of the answer. */
export async function startImport(
  target: Target,
  principal: Principal,
  project_id: string,
  texts: string[],
  changes: Row = {},
): Promise<Row> {
  const answer = await ask(target, principal, "start_import", {
    project_id,
    title: "The Sea",
    chapters: texts.length,
    steps: stepsOf(texts),
    ...changes,
  });
  return answer["body"];
}

export async function readImport(target: Target, principal: Principal, imported: Row): Promise<Row> {
  const { project_id, task_id } = imported;
  return (await ask(target, principal, "read_import", { project_id, task_id }))["body"];
}

/** A step of this project's import; null when there is none. */
export async function claimStep(
  target: Target,
  { task_id }: Row,
  more: Row = {},
): Promise<Row | null> {
  const request = { kinds: ["dossier_import"], job_id: task_id, ...more };
  return (await target.call("claim_step", request))["step"];
}

export function commitStep(
  target: Target,
  task: Row,
  assertions: Row[],
  more: Row = {},
): Promise<Row> {
  const result = { base: 0, assertions, proposals: [], model: "a-model", ...more };
  return target.call("commit_step", { ...leaseOf(task), result });
}
