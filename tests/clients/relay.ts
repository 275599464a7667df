// The relay as its callers use it: bots, and streams read by eventsource-parser, which is not ours.
import assert from "node:assert/strict";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Row } from "./backend.ts";
import type { Stack } from "./stack.ts";
import type { Person } from "./supabase.ts";

export interface RelayEvents {
  text: string;
  /** The id of the last event that had one. */
  lastId: string;
  pings: number;
  error?: { code: string; message: string; retryable: boolean };
  done?: { stream_id: string; finish_reason: string };
}

export async function api(
  stack: Stack,
  method: string,
  path: string,
  person: Person | undefined,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: any }> {
  const response = await open(stack, method, path, person, body, headers);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export function open(
  stack: Stack,
  method: string,
  path: string,
  person: Person | undefined,
  body?: object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${stack.url}/functions/v1/stream${path}`, {
    method,
    headers: {
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

/** A bot of the person's; it needs no key unless the fields have one. */
export async function makeBot(stack: Stack, person: Person, fields: Row = {}): Promise<Row> {
  const { status, body } = await api(stack, "POST", "/v1/bots", person, {
    model: "scripted",
    ...fields,
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body as Row;
}

/** Reads until `isEnough`, or the answer's end. */
export async function readRelay(
  response: Response,
  isEnough: (events: RelayEvents) => boolean = () => false,
): Promise<RelayEvents> {
  assert.equal(response.status, 200, response.status === 200 ? "" : await response.clone().text());
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events: RelayEvents = { text: "", lastId: "", pings: 0 };
  const parser = createParser({
    onEvent: (event: EventSourceMessage) => take(events, event),
    onError: (error) => assert.fail(error),
  });
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  while (!isEnough(events)) {
    const { done, value } = await reader.read();
    if (done) break;
    parser.feed(decoder.decode(value, { stream: true }));
  }
  return events;
}

function take(events: RelayEvents, { event, id, data }: EventSourceMessage): void {
  assert.ok(!events.done && !events.error, `${event} after the end`);
  if (id !== undefined) events.lastId = id;
  if (event === "token") {
    events.text += data;
    assert.equal(Number(id), Number(events.lastId));
  } else if (event === "ping") events.pings += 1;
  else if (event === "error") events.error = JSON.parse(data);
  else if (event === "done") events.done = JSON.parse(data);
  else assert.fail(`unknown event ${event}`);
}
