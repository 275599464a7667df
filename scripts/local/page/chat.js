// Replies from /functions/v1/chat. A reply continues when nobody reads it, so after a lost connection, after
// a reload and in another tab the page continues reading it by the reply's stream id.

const CHAT = "/functions/v1/chat";
// Together half a minute: a part of the development server that has ended is restarted by then.
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 16_000;
const UNAVAILABLE = [502, 503, 504];

/**
 * @typedef {{title: string, detail?: string, code?: string, status?: number, requestId?: string,
 *   faults?: {path: string, message: string}[], isLost?: boolean}} Problem `isLost`: only the connection ended
 * @typedef {{path: string, body: object, key: string, kept?: number, isRepeated?: boolean}} Ask the
 *   request that a reply answers. With its key it is one turn, however often it is sent. `kept`: the characters
 *   of the text before it; `isRepeated`: its turn was over, and has only been replayed
 * @typedef {{onHead: (headers: Headers) => void, onText: () => void, onMetadata: (metadata: object) => void,
 *   token: () => string | undefined, isBegunElsewhere: () => boolean, signal: AbortSignal}} Listener
 *   `isBegunElsewhere`: whether another tab has the stream id, which the reply then has too
 */

/**
 * Reads a reply to its end; returns the reason of the end, or throws a Problem.
 * @param {import("./conversation.js").Message} reply
 * @param {Listener} listener
 */
export async function receive(reply, listener) {
  for (let wait_ms = FIRST_WAIT_MS; ; wait_ms *= 2) {
    const { text } = reply;
    try {
      return await read(reply, await request(reply, listener), listener);
    } catch (error) {
      const problem = problemOf(error);
      if (reply.text !== text) wait_ms = FIRST_WAIT_MS;
      const isOver = !problem.isLost || !reply.facts?.stream_id || wait_ms > LONGEST_WAIT_MS;
      if (isOver || listener.signal.aborted) throw problem;
      await sleep(wait_ms, listener.signal);
    }
  }
}

/** Asks the writer of the reply to stop. Throws if it could not be reached. */
export async function cancel(streamId, token) {
  const url = `${CHAT}/streams/${encodeURIComponent(streamId)}/cancel`;
  const response = await fetch(url, { method: "POST", headers: authorization(token) });
  if (!response.ok) throw await problemOfResponse(response);
}

/**
 * The id of the session's newest message, if it is a reply: the page may not know the id of one that broke
 * off.
 */
export async function findNewestReply(sessionId, token) {
  const url = `/functions/v1/sessions/${sessionId}/messages?limit=1&order=desc`;
  try {
    const [newest] = await (await fetch(url, { headers: authorization(token) })).json();
    return newest?.role === "assistant" ? newest.message_id : undefined;
  } catch {
    return undefined; // The request is then sent again with its key.
  }
}

/** @returns {Promise<Response>} */
async function request(reply, listener) {
  if (!reply.facts?.stream_id) {
    // Another tab may be sending it at the same time.
    const begun = await navigator.locks.request(reply.ask.key, { signal: listener.signal }, () => {
      return listener.isBegunElsewhere() ? undefined : begin(reply, listener);
    });
    if (begun) return checked(begun);
  }
  const after = new TextEncoder().encode(reply.text).length;
  const url = `${CHAT}/streams/${encodeURIComponent(reply.facts.stream_id)}?after=${after}`;
  return checked(await fetch(url, { signal: listener.signal, headers: headersOf(listener) }));
}

async function begin(reply, listener) {
  const { path, body, key, kept = 0 } = reply.ask;
  reply.text = reply.text.slice(0, kept);
  const response = await fetch(CHAT + path, {
    method: "POST",
    signal: listener.signal,
    headers: { ...headersOf(listener), "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
  // Before any token: a reply can be continued even if its page is left at once.
  listener.onHead(response.headers);
  return response;
}

function headersOf(listener) {
  return { Accept: "text/event-stream", ...authorization(listener.token()) };
}

async function read(reply, response, { onText, onMetadata }) {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  for await (const data of eventData(response.body)) {
    const event = JSON.parse(data);
    if (event.type === "text") {
      reply.text += event.content;
      onText();
    } else if (event.type === "metadata") {
      onMetadata(event.metadata);
    } else if (event.type === "error") {
      const { code, message, user_message_id, stored_bytes } = event.error;
      if (user_message_id) onMetadata({ user_message_id });
      if (stored_bytes !== undefined) reply.text = firstBytes(reply.text, stored_bytes);
      throw { title: "The answer broke off", detail: message, code, requestId };
    } else if (event.type === "done") {
      return event.finish_reason;
    }
  }
  const detail = "The connection ended before the answer did.";
  throw { title: "The answer broke off", detail, requestId, isLost: true };
}

/** The data of each server-sent event, in order (WHATWG HTML, section 9.2.6). */
async function* eventData(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // Safari has no `for await`.
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      // Each event of this endpoint is one `data:` line; the ids count the bytes of the text.
      if (line.startsWith("data:")) yield line.slice(5).trimStart();
    }
  }
}

async function checked(response) {
  if (!response.ok) throw await problemOfResponse(response);
  return response;
}

/** @returns {Promise<Problem>} */
export async function problemOfResponse(response) {
  const { status, statusText, headers } = response;
  const body = await response.json().catch(() => ({}));
  const { title = statusText, detail, code, errors: faults } = body;
  const requestId = headers.get("x-request-id") ?? undefined;
  return { title, detail, code, status, faults, requestId, isLost: UNAVAILABLE.includes(status) };
}

/** @returns {Problem} */
export function problemOf(error) {
  if (!(error instanceof Error)) return error;
  if (error instanceof SyntaxError) return { title: "Unreadable answer", detail: error.message };
  // fetch's own message when there is no connection is useless.
  const detail = "The connection broke. Does ./scripts/dev still run?";
  return { title: "No connection", detail, isLost: true };
}

export function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function firstBytes(text, count) {
  return new TextDecoder().decode(new TextEncoder().encode(text).slice(0, count));
}

function sleep(duration_ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, duration_ms);
    signal.addEventListener("abort", resolve, { once: true });
  });
}
