// POST /functions/v1/chat with scripted answers; what the message says tells how the answer goes.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ScriptedChat {
  listener: RequestListener;
  /** Bodies and tokens of the requests, oldest first. */
  requests: { body: Record<string, unknown>; token: string | undefined }[];
  /** How many callers left before their answer was over. */
  left: number;
  /** Waits before the next word, once `sent` characters of the reply are on their way. */
  beforeNextWord(sent: number): Promise<unknown>;
}

export const GUEST_TOKEN = "fg_scripted";
const STORY =
  "The lamp had burned for ninety years without anyone asking who it was meant for. Then, one " +
  "evening in March, something far out on the water answered it.\n\nWho lives in the lighthouse?";
const GAP_MS = 30;

export function scriptedChat(): ScriptedChat {
  const chat: ScriptedChat = {
    requests: [],
    left: 0,
    beforeNextWord: () => sleep(GAP_MS),
    listener: (request, response) => void answer(chat, request, response),
  };
  return chat;
}

async function answer(chat: ScriptedChat, request: IncomingMessage, response: ServerResponse) {
  const body = JSON.parse((await request.toArray()).join("")) as Record<string, unknown>;
  chat.requests.push({ body, token: request.headers.authorization });
  response.setHeader("x-request-id", "req-1");
  const text = String(body["text"]);
  if (text === "refuse") {
    const errors = [{ path: "/text", message: "must not be a test" }];
    problem(response, 422, { title: "Invalid request", code: "invalid_request", errors });
    return;
  }
  if (text === "forget me") {
    problem(response, 401, {
      title: "Invalid token",
      code: "invalid_token",
      detail: "Unknown guest.",
    });
    return;
  }
  response.on("close", () => {
    if (!response.writableFinished) chat.left += 1;
  });
  const ids = { session_id: "5e551071-0000-4000-8000-000000000001", stream_id: "stream-1" };
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "x-session-id": ids.session_id,
    "x-project-id": "9a01ec70-0000-4000-8000-000000000001",
    "x-stream-id": ids.stream_id,
    ...(!request.headers.authorization && { "x-guest-token": GUEST_TOKEN }),
  });
  await stream(chat, response, text, ids);
}

async function stream(
  chat: ScriptedChat,
  response: ServerResponse,
  text: string,
  ids: Record<string, string>,
) {
  const send = (event: unknown) => response.write(`id: 1\ndata: ${JSON.stringify(event)}\n\n`);
  let sent = 0;
  for (const word of STORY.split(/(?<= )/)) {
    if (response.destroyed) return;
    send({ type: "text", content: word });
    sent += word.length;
    await chat.beforeNextWord(sent);
  }
  if (text === "hang") return;
  if (text === "cut") {
    response.destroy();
    return;
  }
  if (text === "end early") {
    response.end();
    return;
  }
  if (text === "fail") {
    const message = "The model's provider stopped answering.";
    send({ type: "error", error: { code: "provider_timeout", message, retryable: true } });
    response.end();
    return;
  }
  const metadata = {
    ...ids,
    message_id: "message-2",
    user_message_id: "message-1",
    model: "scripted-1",
    provider: "scripted",
    tokens: { in: 21, out: 34 },
    title: "A lighthouse",
  };
  send({ type: "metadata", metadata });
  send({ type: "done" });
  response.end();
}

function problem(response: ServerResponse, status: number, fields: Record<string, unknown>) {
  response.writeHead(status, { "Content-Type": "application/problem+json" });
  response.end(JSON.stringify({ status, ...fields }));
}
