// The chat function's work as one would write it in TypeScript: one database call before the first
// token and one after the last, each token sent as it arrives, saves while the reply grows, pings,
// and stopping the model when the client leaves. It checks no token and knows one provider.
import { createParser } from "eventsource-parser";
import type { Relay, RelayPlatform } from "./platform.ts";

interface Turn {
  generation_id: string;
  session_id: string;
  message_id: string;
  history: { role: string; content: string }[];
}

interface Chunk {
  choices: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
}

const SYSTEM_PROMPT = "You help people to tell their story.";
const MODEL = "scripted";
const PING_MS = 15_000;
const FIRST_SAVE_MS = 1000;
const LONGEST_GAP_MS = 5000;

const encoder = new TextEncoder();

async function callDatabase<Answer>(
  { setting }: RelayPlatform,
  name: string,
  request: object,
): Promise<Answer> {
  const answer = await fetch(`${setting("DATABASE_URL")}/rpc/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", apikey: setting("DATABASE_KEY") },
    body: JSON.stringify({ request }),
  });
  if (!answer.ok) throw new Error(`${name} answered ${answer.status}`);
  return (await answer.json()) as Answer;
}

/** The reply so far, and how much of it the database has. */
class Reply {
  text = "";
  bytes = 0;
  #savedLength = 0;
  #savedBytes = 0;
  #gapMs = FIRST_SAVE_MS;
  #saveDueMs = Date.now() + FIRST_SAVE_MS;

  add(content: string): void {
    this.text += content;
    this.bytes += encoder.encode(content).length;
  }

  isSaveDue(): boolean {
    const nowMs = Date.now();
    if (nowMs < this.#saveDueMs) return false;
    this.#gapMs = Math.min(2 * this.#gapMs, LONGEST_GAP_MS);
    this.#saveDueMs = nowMs + this.#gapMs;
    return true;
  }

  takeUnsaved(): { from_offset: number; text: string } {
    const unsaved = { from_offset: this.#savedBytes, text: this.text.slice(this.#savedLength) };
    this.#savedLength = this.text.length;
    this.#savedBytes = this.bytes;
    return unsaved;
  }
}

export const relay: Relay = async (request, platform) => {
  const startedMs = Date.now();
  const { text } = (await request.json()) as { text: string };
  const turn = await callDatabase<Turn>(platform, "begin_turn", {
    kind: "chat",
    text,
    title: text.slice(0, 60),
    model: MODEL,
    history_budget_tokens: 3000,
  });
  const { generation_id } = turn;
  const abort = new AbortController();
  const answer = await fetch(`${platform.setting("MODEL_URL")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: MODEL,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: SYSTEM_PROMPT },
        ...turn.history,
        { role: "user", content: text },
      ],
    }),
    signal: abort.signal,
  });
  if (!answer.ok || answer.body === null) throw new Error(`the model answered ${answer.status}`);
  const reader = answer.body.getReader();

  const reply = new Reply();
  let finishReason: string | null = null;
  let usage: Chunk["usage"] = null;
  let isDone = false;
  let ping: ReturnType<typeof setInterval> | undefined;

  const frame = (event: object) =>
    encoder.encode(`id: ${reply.bytes}\ndata: ${JSON.stringify(event)}\n\n`);

  async function finish(status: string): Promise<void> {
    clearInterval(ping);
    await callDatabase(platform, "finish_turn", {
      generation_id,
      ...reply.takeUnsaved(),
      status,
      finish_reason: finishReason,
      usage: usage && { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens },
      latency_ms: Date.now() - startedMs,
    });
    console.log(JSON.stringify({ level: "info", outcome: status, generation_id }));
  }

  function relayFrom(controller: ReadableStreamDefaultController<Uint8Array>) {
    const decoder = new TextDecoder();
    let hasTold = false;
    const parser = createParser({
      onEvent({ data }) {
        if (data === "[DONE]") {
          isDone = true;
          return;
        }
        const chunk = JSON.parse(data) as Chunk;
        const [choice] = chunk.choices;
        if (chunk.usage) usage = chunk.usage;
        if (choice?.finish_reason) finishReason = choice.finish_reason;
        const content = choice?.delta?.content;
        if (!content) return;
        reply.add(content);
        controller.enqueue(frame({ type: "text", content }));
        hasTold = true;
      },
    });
    return async () => {
      for (hasTold = false; !hasTold; ) {
        const { value, done } = await reader.read();
        if (!done) parser.feed(decoder.decode(value, { stream: true }));
        if (reply.isSaveDue()) {
          const save = { generation_id, ...reply.takeUnsaved() };
          platform.waitUntil(callDatabase(platform, "append_chunk", save));
        }
        if (!done && !isDone) continue;
        await finish(isDone ? "complete" : "failed");
        const { session_id, message_id } = turn;
        controller.enqueue(frame({ type: "metadata", metadata: { session_id, message_id, usage } }));
        controller.enqueue(frame({ type: isDone ? "done" : "error" }));
        controller.close();
        return;
      }
    };
  }

  let next: () => Promise<void>;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        next = relayFrom(controller);
        ping = setInterval(() => controller.enqueue(encoder.encode(": keep-alive\n\n")), PING_MS);
      },
      pull: () => next(),
      async cancel() {
        abort.abort();
        await finish("disconnected");
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};
