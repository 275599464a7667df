// A person's conversations: each turn with its prompt, each step with the tables that it changes.
import assert from "node:assert/strict";
import type { Answer, Api, Streamed } from "./api.ts";
import type { Row, Table } from "./backend.ts";
import { Ledger } from "./ledger.ts";
import type { Message } from "./scripted_model.ts";
import type { Stack } from "./stack.ts";

/** The tables that a turn about the story changes. */
export const TURN: readonly Table[] = [
  "sessions",
  "messages",
  "generations",
  "model_calls",
  "usage",
  "plan_shares",
  "message_extractions",
];
/** The tables that a turn changes if it begins a session and a project: a worker must read it. */
export const FIRST_TURN: readonly Table[] = [...TURN, "projects", "dossiers", "jobs", "job_steps"];

export class Life {
  readonly api: Api;
  readonly ledger: Ledger;
  /** The metadata of the turns, by the test's names for them. */
  readonly turns: Record<string, Row> = {};
  /** The prompts of these turns. */
  readonly sent: Record<string, Message[]> = {};
  readonly #stack: Stack;

  constructor(stack: Stack, api: Api) {
    this.#stack = stack;
    this.api = api;
    this.ledger = new Ledger(stack.backend);
  }

  /** A whole turn, which the model answers with the reply, and its rows. */
  async turn(
    name: string,
    path: string,
    body: Row,
    reply: string,
    tables: readonly Table[] = TURN,
  ): Promise<Streamed> {
    const { backend } = this.#stack;
    backend.model.scriptOthers((answer) => {
      answer.text(reply.slice(0, 5));
      answer.text(reply.slice(5));
      answer.finish();
    });
    const asked = backend.model.count;
    const told = await this.ledger.changes(tables, () => this.api.stream(path, body));
    assert.equal(backend.model.count, asked + 1);
    assert.equal(told.events.text, reply);
    assert.deepEqual(told.events.ending, ["metadata", "done"]);
    const { metadata } = told.events;
    this.turns[name] = metadata;
    this.sent[name] = backend.model.newest.request.messages;

    const { stream_id, message_id, user_id } = metadata;
    const [generation] = await backend.rows("generations", { stream_id });
    assert.deepEqual(
      [generation?.["status"], generation?.["message_id"]],
      ["complete", message_id],
    );
    const [usage] = await backend.rows("usage", { generation_id: generation!["generation_id"] });
    const used = [usage?.["owner_id"], usage?.["input_tokens"], usage?.["output_tokens"]];
    assert.deepEqual(used, [user_id, 11, 7]);
    return told;
  }

  /** Reads something; reading changes nothing. */
  async get(path: string): Promise<Answer> {
    const answer = await this.ledger.reads(() => this.api.call("GET", path));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer;
  }

  /** The texts on the path to the session's leaf, as its owner reads them. */
  async conversation(sessionId: string): Promise<string[]> {
    const { body } = await this.get(`sessions/${sessionId}/messages?order=asc`);
    return (body as Row[]).map(({ content }) => content);
  }

  async message(messageId: string): Promise<Row> {
    const [row] = await this.#stack.backend.rows("messages", { message_id: messageId });
    return row!;
  }
}
