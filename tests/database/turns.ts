// Requests that the tests send again and again.
import { randomBytes, randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { Refusal, type Row, type Target } from "./target.ts";

export type Principal = { kind: string } & Row;

export function newTokenHash(): string {
  return randomBytes(32).toString("hex");
}

export function newUser(): Principal {
  return { kind: "user", issuer: "https://fabula.test/auth/v1", subject: randomUUID() };
}

/** A guest who is known already. */
export async function knownGuest(target: Target): Promise<Principal> {
  const token_hash = newTokenHash();
  await begin(target, { kind: "new_guest", token_hash });
  return { kind: "guest", token_hash };
}

export function begin(target: Target, principal: Principal, changes: Row = {}): Promise<Row> {
  return target.call("begin_turn", {
    principal,
    kind: "chat",
    session_id: null,
    project_id: null,
    text: "Once upon a time.",
    title: "Once upon a time",
    provider: "local",
    model: "a-model",
    history_budget_tokens: 3000,
    stream_id: null,
    ...changes,
  });
}

export function append(target: Target, turn: Row, from_offset: number, text: string): Promise<Row> {
  return target.call("append_chunk", { generation_id: turn["generation_id"], from_offset, text });
}

export function finish(target: Target, turn: Row, changes: Row = {}): Promise<Row> {
  return target.call("finish_turn", {
    generation_id: turn["generation_id"],
    status: "complete",
    from_offset: 0,
    text: "There was a fox.",
    finish_reason: "stop",
    error_code: null,
    usage: { input_tokens: 11, output_tokens: 5 },
    first_token_ms: 80,
    latency_ms: 900,
    provider: "local",
    model: "a-model",
    ...changes,
  });
}

/** Ends a turn as one whose every model has failed before a word. */
export function failSilently(target: Target, turn: Row): Promise<Row> {
  return finish(target, turn, {
    status: "failed",
    from_offset: turn["base_bytes"],
    text: "",
    finish_reason: null,
    error_code: "provider_error",
    usage: null,
    first_token_ms: null,
  });
}

/** A whole turn of the session, or of a new one. */
export async function say(
  target: Target,
  principal: Principal,
  text: string,
  reply: string,
  changes: Row = {},
) {
  const turn = await begin(target, principal, { text, ...changes });
  await finish(target, turn, { text: reply });
  return turn;
}

/** Makes the running generation look as if its isolate had died. */
export function silence(target: Target, turn: Row, seconds: number): Promise<void> {
  const heartbeat_at = new Date(Date.now() - seconds * 1000).toISOString();
  return target.update("generations", { generation_id: turn["generation_id"] }, { heartbeat_at });
}

export async function only(target: Target, table: string, where: Row): Promise<Row> {
  const rows = await target.select(table, where);
  assert.equal(rows.length, 1, `one row of ${table} where ${JSON.stringify(where)}`);
  return rows[0]!;
}

/** The session's messages in the order in which they came. */
export async function messagesOf(target: Target, turn: Row): Promise<Row[]> {
  const messages = await target.select("messages", { session_id: turn["session_id"] });
  return messages.sort((a, b) => a["position"] - b["position"]);
}

export function refusal(status: number, code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Refusal, String(error));
    assert.deepEqual([error.status, error.code], [status, code]);
    assert.match(error.message, /\S\.$/);
    return true;
  };
}
