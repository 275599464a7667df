import { Event, MessageKind, Status } from "../abi.ts";
import type { Completions } from "../completions.ts";
import { encodeText, type GuestMemory } from "../memory.ts";
import { Operation } from "../operation.ts";
import type { AcceptedSocket } from "../platform.ts";

/**
 * A WebSocket has no back-pressure for reads: messages that the guest has not taken are kept, up to
 * this limit. A client that sends more is flooding.
 */
const maximumUnread = { messages: 256, bytes: 512 * 1024 };

// Longer messages are not kept; their reported length exceeds every buffer.
const maximumMessageBytes = 256 * 1024;
const tooLong = 0x7fff_ffff;
const nothing = new Uint8Array(0);

// How much may wait to be sent before the guest must wait, where the platform reports it.
const maximumUnsentBytes = 64 * 1024;
const lookAgainMs = 20;

// RFC 6455, section 7.4.1.
const closedNormally = 1000;
const closedAbnormally = 1006;
const closedForFault = 1011;
// A state of a platform's socket (WebSockets Standard, section 3.1).
const connecting = 0;
const reasonOfFault = "internal_error";
const maximumReasonBytes = 123;

/** Whether an endpoint may send this code: excludes those that mean a missing code. */
function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code < 5000)
  );
}

interface Message {
  kind: MessageKind;
  length: number;
  bytes: Uint8Array;
}

/** The socket of a guest's request, from the handshake to its close. */
export class GuestSocket {
  readonly #completions: Completions;
  #socket: AcceptedSocket["socket"] | null = null;
  #unread: Message[] = [];
  #unreadBytes = 0;
  #hasOverflowed = false;
  #receiving: ReceiveOperation | null = null;
  #closeCode: number | null = null;
  // Deno's socket opens when the response is sent. Earlier sends and closes wait.
  #isConnecting = false;
  #waiting: (() => void)[] = [];

  constructor(completions: Completions) {
    this.#completions = completions;
  }

  get isOpen(): boolean {
    return this.#socket !== null && this.#closeCode === null;
  }

  open(socket: AcceptedSocket["socket"]): void {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#isConnecting = socket.readyState === connecting;
    if (this.#isConnecting) socket.addEventListener("open", () => this.#onConnected());
    socket.addEventListener("message", ({ data }) => this.#onMessage(data as string | ArrayBuffer));
    socket.addEventListener("close", ({ code }) => this.#onClose(code));
    socket.addEventListener("error", () => this.#onClose(closedAbnormally));
  }

  receive(operation: ReceiveOperation): void {
    if (this.#receiving !== null) throw new Error("the guest receives twice at a time");
    this.#receiving = operation;
    this.#wake();
  }

  /** The receive is cancelled: the next one gets its message. */
  giveBack(operation: ReceiveOperation): void {
    if (this.#receiving === operation) this.#receiving = null;
    const { message } = operation;
    if (message === null) return;
    this.#unread.unshift(message);
    this.#unreadBytes += message.length;
  }

  send(operation: SendOperation, text: string): void {
    if (!this.isOpen) {
      this.#completions.fail(operation, Status.disconnected);
      return;
    }
    this.#whenConnected(() => {
      try {
        this.#socket!.send(text);
      } catch {
        // The socket is closing; the event will follow.
        this.#completions.fail(operation, Status.disconnected);
        return;
      }
      this.#waitForRoom(operation);
    });
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    // Not every platform refuses these.
    if (!isSendable(code) || encodeText(reason).length > maximumReasonBytes) {
      throw new Error(`the guest closes its socket with ${code} and ${reason.length} characters`);
    }
    this.#closeCode = code;
    this.#forget();
    // Always with a reason, even an empty one: without one Deno sends no code.
    this.#whenConnected(() => this.#socket!.close(code, reason));
    this.#wake();
  }

  /** The guest is gone; `trapped` when it died. */
  finish(trapped: boolean): void {
    if (trapped) this.close(closedForFault, reasonOfFault);
    else this.close(closedNormally, "");
  }

  #whenConnected(act: () => void): void {
    if (this.#isConnecting) this.#waiting.push(act);
    else act();
  }

  #onConnected(): void {
    this.#isConnecting = false;
    for (const act of this.#waiting.splice(0)) act();
  }

  #onMessage(data: string | ArrayBuffer): void {
    if (this.#closeCode !== null || this.#hasOverflowed) return;
    const isText = typeof data === "string";
    const kind = isText ? MessageKind.text : MessageKind.binary;
    let message: Message;
    if ((isText ? data.length : data.byteLength) > maximumMessageBytes) {
      message = { kind, length: tooLong, bytes: nothing };
    } else {
      const bytes = isText ? encodeText(data) : new Uint8Array(data);
      message = { kind, length: bytes.length, bytes };
    }
    this.#unread.push(message);
    this.#unreadBytes += message.length;
    this.#hasOverflowed =
      this.#unread.length > maximumUnread.messages ||
      (this.#unread.length > 1 && this.#unreadBytes > maximumUnread.bytes);
    this.#wake();
  }

  #onClose(code: number): void {
    if (this.#closeCode !== null) return;
    this.#closeCode = code;
    this.#completions.event(Event.client_left);
    if (this.#isConnecting) this.#onConnected();
    this.#wake();
  }

  #wake(): void {
    const operation = this.#receiving;
    if (operation === null) return;
    const message = this.#unread[0];
    if (message !== undefined) {
      if (message.length <= operation.capacity) {
        this.#unread.shift();
        this.#unreadBytes -= message.length;
        operation.message = message;
      }
      operation.value = message.length;
      operation.detail = message.kind;
      this.#completions.complete(operation);
    } else if (this.#hasOverflowed) {
      this.#hasOverflowed = false;
      this.#completions.fail(operation, Status.overflow);
    } else if (this.#closeCode !== null) {
      operation.value = this.#closeCode;
      this.#completions.fail(operation, Status.disconnected);
    } else {
      return;
    }
    this.#receiving = null;
  }

  #forget(): void {
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#hasOverflowed = false;
  }

  #waitForRoom(operation: SendOperation): void {
    // Where the platform does not report it, as on workerd, the guest relies on its clients.
    if (!this.isOpen || (this.#socket!.bufferedAmount ?? 0) <= maximumUnsentBytes) {
      this.#completions.complete(operation);
      return;
    }
    operation.timer = setTimeout(() => this.#waitForRoom(operation), lookAgainMs);
  }
}

export class ReceiveOperation extends Operation {
  message: Message | null = null;

  constructor(
    id: number,
    private readonly socket: GuestSocket,
    private readonly address: number,
    readonly capacity: number,
  ) {
    super(id);
  }

  override deliver(memory: GuestMemory): void {
    if (this.message !== null) memory.put(this.address, this.message.bytes);
  }

  override abandon(): void {
    this.socket.giveBack(this);
  }
}

export class SendOperation extends Operation {
  timer: ReturnType<typeof setTimeout> | undefined;

  override abandon(): void {
    clearTimeout(this.timer);
  }
}
