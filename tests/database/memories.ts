// Companions' memories: a worker's findings and commits, like the functions', without a model.
import { createHash, randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { ask } from "./lists.ts";
import { leaseOf } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import { say, type Principal } from "./turns.ts";

export const NO_CHARACTER = "00000000-0000-0000-0000-000000000000";

/** A turn with a companion. */
export const talk = (target: Target, user: Principal, text: string, changes: Row = {}) =>
  say(target, user, text, "I see.", { kind: "companion", system_prompt: "Be kind.", ...changes });

/** The step of the companion's memory that is due; null when there is none. */
export async function claimReading(target: Target): Promise<Row | null> {
  return (await target.call("claim_step", { kinds: ["companion_memory"] }))["step"];
}

export async function claimedReading(target: Target): Promise<Row> {
  const step = await claimReading(target);
  assert.ok(step, "a step is due");
  return step;
}

export interface Finding {
  text: string;
  message_id?: string | null;
  quote?: string;
  begin?: number;
  changes?: Row;
}

/** An entry of a log, and the memory that it folds to. */
export function found({ text, message_id = null, quote = text, begin = 0, changes = {} }: Finding) {
  const end = begin + Buffer.byteLength(quote);
  const assertion = {
    assertion_id: createHash("sha256").update(`${text} ${message_id}`).digest("hex"),
    kind: message_id ? "extracted" : "user",
    body: { do: "item", text, quote, source: { begin, end } },
    message_id,
  };
  const memory: Row = {
    memory_id: createHash("sha256").update(text).digest("hex").slice(0, 16),
    type: "user_fact",
    text,
    date: null,
    is_pinned: false,
    source: message_id ? "extracted" : "user",
    quote: message_id ? quote : null,
    message_id,
    message_ids: message_id ? [message_id] : [],
    said_at: Date.now(),
    ...changes,
  };
  return { assertion, memory };
}

/** Commits the step with these findings; `kept` are memories that were known. */
export function commitReading(
  target: Target,
  step: Row,
  findings: Finding[],
  { kept = [], erased = [], outdated = [] }: { kept?: Row[]; erased?: string[]; outdated?: string[] } = {},
): Promise<Row> {
  const each = findings.map(found);
  return target.call("commit_step", {
    ...leaseOf(step),
    result: {
      base: step["version"],
      assertions: each.map(({ assertion }) => assertion),
      erased,
      outdated,
      memories: [...kept, ...each.map(({ memory }) => memory)],
    },
  });
}

/** Says it to a companion, and has it remembered. */
export async function remember(
  target: Target,
  user: Principal,
  text: string,
  memory = text,
  changes: Row = {},
  known: { kept?: Row[] } = {},
): Promise<Row> {
  const turn = await talk(target, user, text, changes);
  const step = await claimedReading(target);
  assert.equal(step["session_id"], turn["session_id"]);
  await commitReading(target, step, [{ text: memory, message_id: turn["user_message_id"] }], known);
  return turn;
}

export async function memoriesOf(
  target: Target,
  principal: Principal,
  companion_id = NO_CHARACTER,
): Promise<string[]> {
  const page = await ask(target, principal, "list_memories", { companion_id, query: { limit: 100 } });
  return page["body"].map((memory: Row) => memory["text"]);
}

/** The user's act, in the form that the function commits. */
export async function act(
  target: Target,
  principal: Principal,
  act: { assertions?: object[]; erased?: string[]; outdated?: string[]; memories: Row[] },
  companion_id = NO_CHARACTER,
): Promise<Row> {
  const log = await target.call("read_memory_log", { principal, companion_id });
  return target.call("commit_memories", {
    principal,
    memory_log_id: log["memory_log_id"],
    base: log["version"],
    assertions: [],
    erased: [],
    outdated: [],
    ...act,
  });
}

/** An entry of the user's. */
export const userEntry = (body: Row = {}) => ({
  assertion_id: createHash("sha256").update(randomUUID()).digest("hex"),
  kind: "user",
  body: { do: "forget", ...body },
  message_id: null,
});
