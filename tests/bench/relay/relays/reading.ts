// Reads every piece in JavaScript, inspects none, and passes the collected bytes on every 100 ms:
// the minimum cost for anybody who must see the text.
import type { Relay } from "./platform.ts";

const GAP_MS = 100;
const BUFFER_BYTES = 8192;

function joined(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}

export const relay: Relay = async (request, { setting }) => {
  const answer = await fetch(`${setting("MODEL_URL")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await request.text(),
  });
  const reader = answer.body!.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(BUFFER_BYTES);
  let waiting: Uint8Array[] = [];
  let writtenMs = 0;

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (value !== undefined) {
        waiting.push(value.slice());
        buffer = value.buffer;
      }
      const nowMs = Date.now();
      if (!done && nowMs - writtenMs < GAP_MS) continue;
      writtenMs = nowMs;
      if (waiting.length > 0) controller.enqueue(joined(waiting));
      waiting = [];
      if (done) controller.close();
      return;
    }
  }

  const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};
