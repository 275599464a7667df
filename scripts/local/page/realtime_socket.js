// A session's socket, which reconnects by itself: the protocol `fabula.v1` without the contents of its
// messages.

const PROTOCOL = "fabula.v1";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const ACK_EVERY_BYTES = 16 * 1024;
const ACK_AFTER_MS = 500;
const PING_EVERY_MS = 20_000;
// A connection that neither answers nor ends is abandoned after two pings.
const SILENCE_LIMIT_MS = 45_000;
// The server refuses the connection itself, so that trying again would not help.
const REFUSED = 1008;

const encoder = new TextEncoder();

export class LiveSocket {
  #socket;
  #url;
  #callbacks;
  #wantsToBeOpen = false;
  #failures = 0;
  #pause_ms;
  #timer;
  #ackTimer;
  #pingTimer;
  #received = 0;
  #acknowledged = 0;
  #heardAt_ms = 0;

  /**
   * @param {string} url
   * @param {{token(): string | undefined, hello(): object, receive(message: object): void,
   *   show(state: "connecting" | "open" | "waiting" | "left" | "refused", detail?: object): void}} callbacks
   */
  constructor(url, callbacks) {
    this.#url = url;
    this.#callbacks = callbacks;
  }

  open() {
    this.#wantsToBeOpen = true;
    this.#failures = 0;
    this.#connect();
  }

  /** Reconnects at once instead of after the pause. */
  hurry() {
    if (this.#wantsToBeOpen && !this.#socket) this.#connect();
  }

  leave() {
    this.#wantsToBeOpen = false;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#forget();
    socket?.close(1000);
    this.#callbacks.show("left");
  }

  /** Whether the message was sent: otherwise the caller sends it again after the next `ready`. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#forget();
    this.#callbacks.show("connecting");
    const token = this.#callbacks.token();
    const socket = new WebSocket(this.#url, token ? [PROTOCOL, token] : [PROTOCOL]);
    this.#socket = socket;
    this.#received = this.#acknowledged = 0;
    this.#pause_ms = undefined;
    socket.onopen = () => {
      this.#heardAt_ms = performance.now();
      this.send({ type: "hello", ...this.#callbacks.hello() });
      this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MS);
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#take(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#ended(code, reason);
    };
  }

  #take(data) {
    this.#heardAt_ms = performance.now();
    this.#received += encoder.encode(data).length;
    if (this.#received - this.#acknowledged >= ACK_EVERY_BYTES) this.#acknowledge();
    else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_AFTER_MS);
    const message = JSON.parse(data);
    if (message.type === "ping") this.send({ type: "pong" });
    else if (message.type === "reconnect") this.#pause_ms = message.after_ms;
    else if (message.type !== "pong") {
      if (message.type === "ready") {
        this.#failures = 0;
        this.#callbacks.show("open");
      }
      this.#callbacks.receive(message);
    }
  }

  #acknowledge() {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#received === this.#acknowledged) return;
    if (this.send({ type: "ack", bytes: this.#received })) this.#acknowledged = this.#received;
  }

  #ping() {
    if (performance.now() - this.#heardAt_ms < SILENCE_LIMIT_MS) {
      this.send({ type: "ping" });
      return;
    }
    const socket = this.#socket;
    this.#ended(1006, "nothing was heard any more");
    socket?.close();
  }

  #ended(code, reason) {
    this.#forget();
    if (!this.#wantsToBeOpen) return;
    if (code === REFUSED) {
      this.#wantsToBeOpen = false;
      this.#callbacks.show("refused", { reason });
      return;
    }
    const backoff_ms = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    // Spreads the reconnections of many pages that have lost one server.
    const pause_ms = this.#pause_ms ?? backoff_ms * (0.75 + Math.random() / 2);
    this.#callbacks.show("waiting", { code, reason, until_ms: performance.now() + pause_ms });
    this.#timer = setTimeout(() => this.#connect(), pause_ms);
  }

  #forget() {
    this.#socket = undefined;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
  }
}
