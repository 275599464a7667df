// Realtime sessions as the functions make them: the calls that they make of the database for a socket.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import type { Row } from "./backend.ts";
import type { Stack } from "./stack.ts";

async function call(stack: Stack, name: string, request: object) {
  const response = await fetch(`${stack.backend.databaseUrl}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: { apikey: stack.backend.keys.secretKey, "content-type": "application/json" },
    body: JSON.stringify({ request }),
  });
  return { status: response.status, text: await response.text() };
}

export async function rpc(stack: Stack, name: string, request: object): Promise<Row> {
  const { status, text } = await call(stack, name, request);
  assert.equal(status, 200, text);
  return JSON.parse(text) as Row;
}

/** The principal with this token, in the form that the functions send the database. */
export function principalOf(token: string, id: string): Row {
  if (!token.startsWith("fg_")) return { kind: "user", issuer: "supabase", subject: id };
  return { kind: "guest", token_hash: createHash("sha256").update(token).digest("hex") };
}

export interface LiveSession {
  principal: Row;
  session_id: string;
  connection_id: string;
}

/** A session with a connection, which has this name. */
export async function openSession(
  stack: Stack,
  principal: Row,
  session_id: string,
): Promise<LiveSession> {
  const connection = { principal, session_id, connection_id: randomUUID() };
  await rpc(stack, "open_realtime_session", { ...connection, left_seconds: 60, limit: 100 });
  return connection;
}

export const leaveSession = (stack: Stack, connection: LiveSession): Promise<Row> =>
  rpc(stack, "leave_realtime_session", { ...connection, left_seconds: 60 });

/** A turn of the session, whole; false when another one runs. */
export async function tryTurn(
  stack: Stack,
  { principal, session_id: external_id }: LiveSession,
  text: string,
  reply: string,
): Promise<Row | false> {
  const begin = {
    principal,
    kind: "realtime",
    external_id,
    text,
    title: text,
    history_budget_tokens: 3000,
    message_metadata: { client_id: randomUUID() },
  };
  const begun = await call(stack, "begin_turn", begin);
  if (begun.status === 409) return false;
  assert.equal(begun.status, 200, begun.text);
  const turn = JSON.parse(begun.text) as Row;
  await rpc(stack, "finish_turn", {
    generation_id: turn["generation_id"],
    status: "complete",
    from_offset: 0,
    text: reply,
    finish_reason: "stop",
    provider: "local",
    model: "scripted",
  });
  return turn;
}

/** The same where no other runs. */
export async function liveTurn(
  stack: Stack,
  session: LiveSession,
  text: string,
  reply: string,
): Promise<Row> {
  const turn = await tryTurn(stack, session, text, reply);
  assert.ok(turn, "another turn runs");
  return turn;
}
