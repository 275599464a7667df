// A caller of POST /functions/v1/chat, and a reader of its event stream that shares nothing with ours.
import { createParser } from "eventsource-parser";
import type { Row } from "./backend.ts";
import type { Stack } from "./stack.ts";

export interface CallOptions {
  /** The bearer; without one, the caller is anonymous. */
  token?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function chatUrl(stack: Stack): string {
  return `${stack.url}/functions/v1/chat`;
}

export function postChat(stack: Stack, body: object, options: CallOptions = {}): Promise<Response> {
  const { token, headers, signal } = options;
  return fetch(chatUrl(stack), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** The contents of a stream so far. */
export class Events {
  /** Data of all events, parsed. */
  readonly all: Row[] = [];
  readonly ids: string[] = [];
  /** All bytes as they came, decoded. */
  raw = "";
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (event !== undefined) throw new Error(`chat's events have no type, this one ${event}`);
      this.all.push(JSON.parse(data) as Row);
      this.ids.push(id ?? "");
    },
  });

  feed(bytes: Uint8Array): void {
    const piece = this.#decoder.decode(bytes, { stream: true });
    this.raw += piece;
    this.#parser.feed(piece);
  }

  /** The reply's text. */
  get text(): string {
    return this.all.flatMap(({ type, content }) => (type === "text" ? [content] : [])).join("");
  }

  /** Types of the events after the text, in order. */
  get ending(): string[] {
    return this.all.filter(({ type }) => type !== "text").map(({ type }) => type as string);
  }

  /** The last one sent: after a wait for the dossier it is sent again. */
  get metadata(): Row {
    return this.all.findLast(({ type }) => type === "metadata")?.["metadata"] ?? {};
  }

  get error(): Row {
    return this.all.find(({ type }) => type === "error")?.["error"] ?? {};
  }
}

/** A stream that is read piece by piece. */
export class EventReader {
  readonly events = new Events();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    this.#reader = response.body!.getReader();
  }

  /** Reads on until the condition holds; false when the stream ends before. */
  async readUntil(condition: (events: Events) => boolean): Promise<boolean> {
    while (!condition(this.events)) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      this.events.feed(value);
    }
    return true;
  }

  async readToEnd(): Promise<Events> {
    await this.readUntil(() => false);
    return this.events;
  }
}

export function readEvents(response: Response): Promise<Events> {
  return new EventReader(response).readToEnd();
}

export interface Turn {
  response: Response;
  events: Events;
  sessionId: string;
  streamId: string;
  /** The token of a new guest. */
  guestToken: string;
}

/** A whole turn that must begin with 200. */
export async function talk(stack: Stack, body: object, options: CallOptions = {}): Promise<Turn> {
  const response = await postChat(stack, body, options);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const header = (name: string) => response.headers.get(name) ?? "";
  const guestToken = header("x-guest-token");
  stack.backend.secrets.add(guestToken);
  const turn = { sessionId: header("x-session-id"), streamId: header("x-stream-id"), guestToken };
  return { response, ...turn, events: await readEvents(response) };
}
