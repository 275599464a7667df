// A client of a socket, with npm's `ws`: the messages that it receives, in the protocol `fabula.v1` or
// as plain texts.
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { Row } from "./backend.ts";
import type { Stack } from "./stack.ts";
import { until } from "./wait.ts";

export const PROTOCOL = "fabula.v1";

export interface SocketOptions {
  /** The bearer of the handshake's header. */
  token?: string;
  /** The sub-protocols that it asks for; none: the raw protocol. */
  protocols?: string[];
  /** The URL's query, with its question mark. */
  query?: string;
  origin?: string;
  /** Whether it acknowledges messages, like clients of `fabula.v1`. */
  acknowledges?: boolean;
  /** Whether it answers pings, as they do too. */
  answersPings?: boolean;
  /** Past the origin, at the runtime itself. */
  isDirect?: boolean;
}

export interface Closed {
  code: number;
  reason: string;
}

export function socketUrl(stack: Stack, sessionId: string, { query = "", isDirect = false } = {}): string {
  const base = isDirect ? stack.functions.url : stack.url;
  return `${base.replace("http", "ws")}/functions/v1/realtime/ws/session/${sessionId}${query}`;
}

export class SocketClient {
  readonly socket: WebSocket;
  /** All messages as they came. */
  readonly texts: string[] = [];
  /** The same, parsed; of the raw protocol none. */
  readonly messages: Row[] = [];
  /** When each of them came, as of `performance.now()`. */
  readonly cameMs: number[] = [];
  closed: Closed | undefined;
  /** The answer to a handshake that was refused. */
  refusal: { status: number; body: Row } | undefined;
  receivedBytes = 0;
  #hasOpened = false;

  constructor(stack: Stack, sessionId: string, options: SocketOptions = {}) {
    const { token, protocols = [PROTOCOL], origin, acknowledges = true, answersPings = true } = options;
    this.socket = new WebSocket(socketUrl(stack, sessionId, options), protocols, {
      perMessageDeflate: false,
      headers: { ...(token && { authorization: `Bearer ${token}` }) },
      ...(origin !== undefined && { origin }),
    });
    this.socket.on("message", (data: Buffer) => {
      const text = data.toString();
      this.texts.push(text);
      this.receivedBytes += data.length;
      this.cameMs.push(performance.now());
      if (this.socket.protocol !== PROTOCOL) return;
      const message = JSON.parse(text) as Row;
      if (message["guest_token"]) stack.backend.secrets.add(message["guest_token"] as string);
      this.messages.push(message);
      if (this.socket.readyState !== WebSocket.OPEN) return;
      if (acknowledges) this.send({ type: "ack", bytes: this.receivedBytes });
      if (answersPings && message["type"] === "ping") this.send({ type: "pong" });
    });
    this.socket.on("open", () => (this.#hasOpened = true));
    this.socket.on("close", (code, reason) => (this.closed = { code, reason: String(reason) }));
    this.socket.on("error", () => {});
    this.socket.on("unexpected-response", (_request, response: IncomingMessage) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => {
        const body = JSON.parse(Buffer.concat(pieces).toString()) as Row;
        this.refusal = { status: response.statusCode ?? 0, body };
      });
    });
  }

  /** One that has said hello and is welcome. */
  static async open(
    stack: Stack,
    sessionId: string,
    options: SocketOptions & { lastEventId?: number; longest_ms?: number } = {},
  ): Promise<SocketClient> {
    const client = new SocketClient(stack, sessionId, options);
    await client.hello(options.lastEventId, options.longest_ms);
    return client;
  }

  async hello(last_event_id?: number, longest_ms?: number): Promise<Row> {
    await this.whenOpen();
    this.send({ type: "hello", ...(last_event_id !== undefined && { last_event_id }) });
    return this.told("ready", undefined, longest_ms);
  }

  async whenOpen(): Promise<void> {
    await until("the socket is open", () => {
      assert.equal(this.refusal, undefined);
      return this.#hasOpened;
    });
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  say(id: string, text: string): void {
    this.send({ type: "message", id, text });
  }

  /** The messages of a type so far, about the message with this id if there is one. */
  of(type: string, id?: string): Row[] {
    return this.messages.filter((one) => one["type"] === type && (id === undefined || one["id"] === id));
  }

  /** The first message of this type, once it has arrived. */
  async told(type: string, id?: string, longest_ms?: number): Promise<Row> {
    const what = `the message ${type} ${id ?? ""}`;
    return until(what, () => {
      const [found] = this.of(type, id);
      if (found === undefined && this.closed) {
        throw new Error(`${what}: closed with ${this.closed.code} ${this.closed.reason} after ${this.texts.slice(-3).join()}`);
      }
      return found;
    }, longest_ms);
  }

  /** The received text of a reply: each token must be at its own offset. */
  reply(id: string): string {
    let text = "";
    for (const token of this.of("token", id)) {
      // Another connection's reply, and a continued one, are sent from the beginning.
      if (token["offset"] === 0) text = "";
      assert.equal(token["offset"], Buffer.byteLength(text), "no byte is told twice or left out");
      text += token["text"] as string;
    }
    return text;
  }

  /** All events of the session that it has received, each once and in order. */
  get events(): Row[] {
    const events = this.messages.flatMap((message) => {
      if (message["type"] === "ready") return message["events"] as Row[];
      return message["type"] === "event" ? [message["event"] as Row] : [];
    });
    for (const [at, event] of events.slice(1).entries()) {
      assert.ok(event["id"] > events[at]!["id"], `the events' ids grow: ${JSON.stringify(events.map(({ id }) => id))}`);
    }
    return events;
  }

  refused(): Promise<{ status: number; body: Row }> {
    return until("the refusal of the handshake", () => this.refusal);
  }

  ended(longest_ms?: number): Promise<Closed> {
    return until("the end of the connection", () => this.closed, longest_ms);
  }

  async leave(): Promise<void> {
    this.socket.close(1000);
    await this.ended();
  }
}
