// What is known of a session: its events, the replies that are being written, and what was said here and
// is not stored yet. Whatever order messages come in, and however often, it ends up the same.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * @typedef {{id: number, role: string, type: string, content: string, timestamp: string,
 *   message_id: string | null, client_id: string | null, metadata: object}} SessionEvent
 * @typedef {{id: string, text: string, bytes: number, hasGap: boolean, userMessageId?: string,
 *   messageId?: string, problem?: {code: string, message: string}}} Turn
 */

export class Session {
  /** @type {Map<number, SessionEvent>} */
  events = new Map();
  /** Replies that are being written, or have just ended, by the client's id. @type {Map<string, Turn>} */
  turns = new Map();
  /** Said here, and not accepted yet. @type {{id: string, text: string}[]} */
  outbox = [];
  /** All events up to this id are here; later ones may be known already. Undefined before the first. */
  syncedTo;
  /** Events after `syncedTo` are to be asked for. */
  isBehind = false;

  sorted() {
    return [...this.events.values()].sort((a, b) => a.id - b.id);
  }

  say(text) {
    const message = { id: crypto.randomUUID(), text };
    this.outbox.push(message);
    return message;
  }

  /** All events after `syncedTo` up to the last of these, or to `last_event_id`. */
  sync(events, last_event_id = events.at(-1)?.id ?? this.syncedTo) {
    this.add(events);
    this.syncedTo = Math.max(this.syncedTo ?? 0, last_event_id ?? 0);
  }

  add(events) {
    for (const event of events) {
      this.#replaceBroken(event);
      this.events.set(event.id, event);
      const { user_message_id } = event.metadata;
      for (const [id, turn] of this.turns) {
        const isOver = event.message_id ? turn.messageId === event.message_id
          : event.type !== "tool_call" && turn.userMessageId === user_message_id;
        if (user_message_id && isOver) this.turns.delete(id);
      }
      if (event.client_id) this.#accepted(event.client_id);
    }
  }

  /** Takes what the server says; pings and the like never come here. */
  receive(message) {
    const take = this[`_${message.type}`];
    if (take) take.call(this, message);
  }

  _ready({ events, last_event_id, running }) {
    this.sync(events);
    this.isBehind = (this.syncedTo ?? 0) < last_event_id;
    const isRunning = (turn) => turn.messageId === running?.message_id;
    // What is not written any more has ended meanwhile, and its event says how.
    for (const [id, turn] of this.turns) if (turn.messageId && !isRunning(turn)) this.turns.delete(id);
    if (!running) return;
    const turn = this.#turn(running.client_id ?? running.user_message_id);
    turn.userMessageId = running.user_message_id;
    turn.messageId = running.message_id;
  }

  _accepted({ id, user_message_id, message_id, event_id, text }) {
    const said = this.outbox.find((message) => message.id === id)?.text ?? text;
    const turn = this.#turn(id);
    turn.userMessageId = user_message_id;
    if (turn.messageId !== message_id) Object.assign(turn, { text: "", bytes: 0, hasGap: false });
    turn.messageId = message_id;
    this.#accepted(id);
    if (event_id && said !== undefined && !this.events.has(event_id)) {
      this.#note(event_id, "user", "message", said, { message_id: user_message_id, client_id: id });
    } else if (!this.#hasMessage(user_message_id)) this.isBehind = true;
  }

  _token({ id, text, offset }) {
    const turn = this.#turn(id);
    const bytes = encoder.encode(text);
    const known = turn.bytes - offset;
    if (known < 0) turn.hasGap = true;
    if (known >= bytes.length) return;
    turn.text += known > 0 ? decoder.decode(bytes.subarray(known)) : text;
    turn.bytes = offset + bytes.length;
  }

  _done({ id, message_id, finish_reason, event_id }) {
    const turn = this.turns.get(id);
    this.turns.delete(id);
    // For what came between the question and this.
    this.isBehind = true;
    this.#end(turn, event_id, message_id, { finish_reason, is_complete: finish_reason !== "cancelled" });
  }

  _error({ id, code, message, event_id, stored_bytes }) {
    const turn = id && this.turns.get(id);
    if (!turn) {
      // A message that was not taken at all.
      if (id) this.#turn(id).problem = { code, message };
      return;
    }
    if (!turn.messageId) {
      turn.problem = { code, message };
      return;
    }
    this.turns.delete(id);
    this.isBehind = true;
    if (stored_bytes !== undefined && stored_bytes < turn.bytes) turn.hasGap = true;
    const metadata = { finish_reason: "error", is_complete: false, error_code: code };
    this.#end(turn, event_id, turn.text ? turn.messageId : null, metadata, code);
  }

  _event({ event }) {
    this.add([event]);
  }

  _tool_call() {
    this.isBehind = true;
  }

  _tool_result() {
    this.isBehind = true;
  }

  #turn(id) {
    if (!this.turns.has(id)) this.turns.set(id, { id, text: "", bytes: 0, hasGap: false });
    return this.turns.get(id);
  }

  #accepted(id) {
    this.outbox = this.outbox.filter((message) => message.id !== id);
  }

  // A reply that broke off and went on after all has a new event; an edited one has a further event.
  #replaceBroken({ id, message_id, type, metadata }) {
    if (!message_id || type !== "message" || metadata.is_edited) return;
    for (const [other_id, other] of this.events) {
      if (other_id < id && other.message_id === message_id) this.events.delete(other_id);
    }
  }

  #hasMessage(message_id) {
    return [...this.events.values()].some((event) => event.message_id === message_id);
  }

  // What was shown is what is stored: it need not disappear until its event has been fetched.
  #end(turn, event_id, message_id, metadata, code) {
    if (!turn || !event_id || turn.hasGap || (!turn.text && !code)) return;
    const all = { ...metadata, user_message_id: turn.userMessageId };
    if (turn.text) this.#note(event_id, "assistant", "message", turn.text, { message_id, metadata: all });
    else this.#note(event_id, "system", "error", code, { metadata: all });
  }

  #note(id, role, type, content, more) {
    const timestamp = new Date().toISOString();
    const event = { id, role, type, content, timestamp, message_id: null, client_id: null, metadata: {} };
    this.add([{ ...event, ...more }]);
  }
}
