// Requests to the story function as a plain client makes them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Row } from "./backend.ts";
import type { Stack } from "./stack.ts";
import { hs256, userClaims } from "./tokens.ts";

export interface Answer {
  status: number;
  headers: Headers;
  body: Row;
}

export interface Event {
  id: string;
  type: string;
  data: Row;
}

export const newToken = (stack: Stack): string => hs256(userClaims(randomUUID()), stack.backend.keys.jwtSecret);

export interface Extras {
  accept?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function send(
  stack: Stack,
  method: string,
  path: string,
  token: string,
  body?: unknown,
  { accept, headers = {}, signal }: Extras = {},
): Promise<Response> {
  return fetch(`${stack.url}/functions/v1/story/${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(accept && { accept }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

export async function ask(
  stack: Stack,
  method: string,
  path: string,
  token: string,
  body?: unknown,
  extras: Extras = {},
): Promise<Answer> {
  const response = await send(stack, method, path, token, body, extras);
  const text = await response.text();
  assert.match(response.headers.get("content-type") ?? "", /json/, text.slice(0, 300));
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Row };
}

/** The events of a stream's text, comments and retries left out. */
export function eventsOf(text: string): Event[] {
  return text
    .split("\n\n")
    .filter((block) => /^data:/m.test(block))
    .map((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      return { id: field("id"), type: field("event"), data: JSON.parse(field("data")) as Row };
    });
}

/** Follows a task until it has ended, over as many streams as that takes. */
export async function follow(stack: Stack, taskId: string, token: string, after = ""): Promise<Event[]> {
  const events: Event[] = [];
  for (let round = 0; round < 20; ++round) {
    const known = events.findLast(({ id }) => id !== "")?.id ?? after;
    const response = await send(stack, "GET", `task/${taskId}/events`, token, undefined, {
      accept: "text/event-stream",
      headers: known ? { "last-event-id": known } : {},
    });
    assert.equal(response.status, 200);
    events.push(...eventsOf(await response.text()));
    if (["done", "error"].includes(events.at(-1)?.type ?? "")) return events;
  }
  throw new Error("the task has not ended");
}
