// Requests about existing messages: other takes, edits, continuations, and reading them.
import { randomBytes } from "node:crypto";
import type { Row, Target } from "./target.ts";
import { begin, finish, type Principal } from "./turns.ts";

/** A value that the database accepts as the SHA-256 of a request. */
export function newRequestHash(): string {
  return randomBytes(32).toString("hex");
}

/** Begins a turn about a message; `text` is only said when it is given. */
export function act(
  target: Target,
  principal: Principal,
  action: "edit" | "regenerate" | "continue",
  message_id: unknown,
  changes: Row = {},
): Promise<Row> {
  return begin(target, principal, { action, message_id, text: null, ...changes });
}

/** A whole turn about a message. */
export async function retake(
  target: Target,
  principal: Principal,
  action: "edit" | "regenerate" | "continue",
  message_id: unknown,
  reply: string,
  changes: Row = {},
): Promise<Row> {
  const turn = await act(target, principal, action, message_id, changes);
  await finish(target, turn, { from_offset: turn["base_bytes"], text: reply });
  return turn;
}

/** The stored part of a reply. */
export function read(
  target: Target,
  principal: Principal,
  turn: Row,
  after_bytes: unknown = 0,
): Promise<Row> {
  return target.call("read_turn", { principal, stream_id: turn["stream_id"], after_bytes });
}

export async function takes(
  target: Target,
  principal: Principal,
  message_id: unknown,
): Promise<Row[]> {
  return (await target.call("list_takes", { principal, message_id }))["body"];
}

export async function select(
  target: Target,
  principal: Principal,
  message_id: unknown,
): Promise<Row> {
  return (await target.call("select_message", { principal, message_id }))["body"];
}

export function editReply(
  target: Target,
  principal: Principal,
  message_id: unknown,
  content: unknown,
  changes: Row = {},
): Promise<Row> {
  return target.call("edit_reply", { principal, message_id, body: { content }, ...changes });
}

export async function context(
  target: Target,
  principal: Principal,
  message_id: unknown,
): Promise<Row> {
  return (await target.call("read_context", { principal, message_id }))["body"];
}

/** The model's prompt, without the ids. */
export function sent(context: Row): Row[] {
  return context["messages"].map(({ role, content }: Row) => ({ role, content }));
}

export function contents(messages: Row[]): string[] {
  return messages.map((message) => message["content"]);
}
