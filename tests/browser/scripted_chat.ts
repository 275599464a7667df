// /functions/v1/chat with scripted answers; the message's text selects the answer's course. A reply that
// hangs or breaks off continues for a client that resumes it.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ScriptedChat {
  listener: RequestListener;
  /** Bodies, tokens and idempotency keys of the messages, oldest first. */
  requests: { body: Record<string, unknown>; token: string | undefined; key: unknown }[];
  /** The requests for streams: GET or POST, and their positions. */
  streamRequests: string[];
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
const IDS = {
  session_id: "5e551071-0000-4000-8000-000000000001",
  project_id: "9a01ec70-0000-4000-8000-000000000001",
  stream_id: "stream-1",
};

interface Running {
  text: string;
  response: ServerResponse;
}

export function scriptedChat(): ScriptedChat {
  const chat: ScriptedChat = {
    requests: [],
    streamRequests: [],
    left: 0,
    beforeNextWord: () => sleep(GAP_MS),
    listener: (request, response) => void listen(request, response),
  };
  let running: Running | undefined;
  const listen = async (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith("/functions/v1/chat")) {
      problem(response, 404, { title: "Not found", code: "not_found" });
      return;
    }
    const [, stream = ""] = /\/chat\/streams\/stream-1(.*)$/.exec(request.url ?? "") ?? [];
    if (!stream) {
      running = await answer(chat, request, response);
      return;
    }
    chat.streamRequests.push(`${request.method} ${stream}`);
    if (request.method === "POST") {
      response.end("{}");
      if (running) end(running.response, "cancelled");
      return;
    }
    if (running?.text === "cut for good") {
      response.destroy();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    send(response, { type: "text", content: STORY.slice(Number(/\d+/.exec(stream)?.[0])) });
    end(response, "stop");
  };
  return chat;
}

async function answer(
  chat: ScriptedChat,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Running | undefined> {
  const body = JSON.parse((await request.toArray()).join("")) as Record<string, unknown>;
  const { authorization: token, "idempotency-key": key } = request.headers;
  chat.requests.push({ body, token, key });
  response.setHeader("x-request-id", "req-1");
  const text = String(body["text"]);
  if (text === "refuse") {
    const errors = [{ path: "/text", message: "must not be a test" }];
    problem(response, 422, { title: "Invalid request", code: "invalid_request", errors });
    return undefined;
  }
  if (text === "forget me") {
    problem(response, 401, {
      title: "Invalid token",
      code: "invalid_token",
      detail: "Unknown guest.",
    });
    return undefined;
  }
  response.on("close", () => {
    if (!response.writableFinished) chat.left += 1;
  });
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "x-session-id": IDS.session_id,
    "x-project-id": IDS.project_id,
    "x-stream-id": IDS.stream_id,
    ...(!token && { "x-guest-token": GUEST_TOKEN }),
  });
  void write(chat, response, text);
  return { text, response };
}

async function write(chat: ScriptedChat, response: ServerResponse, text: string) {
  let sent = 0;
  for (const word of STORY.split(/(?<= )/)) {
    if (response.destroyed) return;
    send(response, { type: "text", content: word });
    sent += word.length;
    if (text.startsWith("cut") && sent > STORY.length / 2) {
      response.destroy();
      return;
    }
    await chat.beforeNextWord(sent);
  }
  if (text === "hang") return;
  if (text === "end early") {
    response.end();
    return;
  }
  if (text === "fail") {
    const message = "The model's provider stopped answering.";
    send(response, { type: "error", error: { code: "provider_timeout", message, retryable: true } });
    response.end();
    return;
  }
  end(response, "stop");
}

function send(response: ServerResponse, event: unknown) {
  response.write(`id: 1\ndata: ${JSON.stringify(event)}\n\n`);
}

function end(response: ServerResponse, finish_reason: string) {
  const metadata = {
    ...IDS,
    message_id: "message-2",
    user_message_id: "message-1",
    model: "scripted-1",
    provider: "scripted",
    tokens: { in: 21, out: 34 },
    title: "A lighthouse",
  };
  send(response, { type: "metadata", metadata });
  send(response, { type: "done", finish_reason });
  response.end();
}

function problem(response: ServerResponse, status: number, fields: Record<string, unknown>) {
  response.writeHead(status, { "Content-Type": "application/problem+json" });
  response.end(JSON.stringify({ status, ...fields }));
}
