// The state of a session: its events, the running replies, and messages that are not events yet. It does not
// depend on the connection over which a message arrives, or on repetitions.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sizeOf = (text) => encoder.encode(text).length;

/**
 * @typedef {{id: number, role: string, type: string, content: string, timestamp: string,
 *   message_id: string | null, client_id: string | null, metadata: Record<string, any>}} SessionEvent
 * @typedef {{id: string, said?: string, text: string, bytes: number, userMessageId?: string,
 *   messageId?: string, end?: {finish_reason?: string, code?: string, message?: string}}} Turn
 */

export class Session {
  /** @type {Map<number, SessionEvent>} */
  events = new Map();
  /** From the message's acceptance to its reply's event, by the client's id. @type {Map<string, Turn>} */
  turns = new Map();
  /** Messages that are not accepted yet. @type {{id: string, text: string, problem?: object}[]} */
  outbox = [];
  /** Client's ids of messages that were sent again because their first run had died. @type {Set<string>} */
  #repeated = new Set();
  /** The last known event; all earlier ones that the server has sent are known too. */
  lastEventId;

  sorted() {
    return [...this.events.values()].sort((a, b) => a.id - b.id);
  }

  say(text) {
    const message = { id: crypto.randomUUID(), text };
    this.outbox.push(message);
    return message;
  }

  takeBack(id) {
    this.outbox = this.outbox.filter((message) => message.id !== id);
  }

  /** Adds events in any order. */
  add(events) {
    for (const event of events) {
      this.#replaceBroken(event);
      this.events.set(event.id, event);
      if (event.client_id) this.takeBack(event.client_id);
      for (const [id, turn] of this.turns) if (endsTurn(event, turn)) this.turns.delete(id);
      this.#repeatDead(event);
    }
  }

  /** Takes the server's messages except pings and the like. */
  receive(message) {
    this[`_${message.type}`]?.(message);
  }

  _ready({ events, last_event_id, running, has_more }) {
    this.add(events);
    this.lastEventId = events.at(-1)?.id ?? this.lastEventId ?? (has_more ? 0 : last_event_id);
    // A reply that is no longer running has ended: its event is here, or the message is sent again.
    for (const id of this.turns.keys()) if (id !== running) this.turns.delete(id);
  }

  _event({ event }) {
    this.add([event]);
    this.lastEventId = Math.max(this.lastEventId ?? 0, event.id);
  }

  _accepted({ id, user_message_id, message_id }) {
    const said = this.outbox.find((message) => message.id === id)?.text;
    this.takeBack(id);
    const turn = this.turns.get(id) ?? { id, text: "", bytes: 0 };
    // Another run of the turn, whose text starts again.
    if (turn.messageId !== message_id) Object.assign(turn, { text: "", bytes: 0 });
    turn.said ??= said;
    delete turn.end;
    this.turns.set(id, Object.assign(turn, { userMessageId: user_message_id, messageId: message_id }));
  }

  _token({ id, text, offset }) {
    const turn = this.turns.get(id);
    if (!turn) return;
    if (turn.bytes < offset) this.#beginWithEarlierText(turn, offset);
    const bytes = encoder.encode(text);
    const known = turn.bytes - offset;
    if (known < 0 || known >= bytes.length) return;
    turn.text += known > 0 ? decoder.decode(bytes.subarray(known)) : text;
    turn.bytes = offset + bytes.length;
  }

  _done({ id, finish_reason }) {
    this.takeBack(id);
    const turn = this.turns.get(id);
    if (turn) turn.end = { finish_reason };
  }

  _error({ id, code, message }) {
    const turn = this.turns.get(id);
    if (turn) turn.end = { code, message };
    const unsent = this.outbox.find((said) => said.id === id);
    if (unsent) unsent.problem = { code, message };
  }

  // A continued reply begins with its existing text.
  #beginWithEarlierText(turn, offset) {
    const earlier = this.sorted().findLast(({ role, type, metadata, content }) =>
      type === "message" && role === "assistant" && metadata.user_message_id === turn.userMessageId
        && sizeOf(content) >= offset);
    if (!earlier) return;
    turn.text = decoder.decode(encoder.encode(earlier.content).subarray(0, offset));
    turn.bytes = offset;
  }

  // The server died before the first word: the same message, sent again, gets an answer.
  #repeatDead({ type, content, metadata }) {
    if (type !== "error" || content !== "interrupted") return;
    const question = [...this.events.values()].find(({ message_id }) => message_id === metadata.user_message_id);
    const { client_id: id, content: text } = question ?? {};
    if (!id || this.#repeated.has(id) || question !== this.sorted().findLast(({ role }) => role === "user")) return;
    this.#repeated.add(id);
    this.outbox.push({ id, text });
  }

  // A reply that broke off and was continued has a new event; an edited one has a further event.
  #replaceBroken({ id, message_id, type, metadata }) {
    if (!message_id || type !== "message" || metadata.is_edited) return;
    for (const [other_id, other] of this.events) {
      if (other_id < id && other.message_id === message_id) this.events.delete(other_id);
    }
  }
}

function endsTurn({ type, message_id, metadata }, turn) {
  if (!metadata.user_message_id || metadata.user_message_id !== turn.userMessageId) return false;
  return type === "message" ? message_id === turn.messageId : metadata.status !== undefined && Boolean(turn.end);
}
