// A WebSocket written directly over TCP (RFC 6455), for behaviour that no library has: breaks the rules,
// reads nothing, dies silently.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "./wait.ts";

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  opcode: number;
  payload: Buffer;
}

export class RawSocket {
  readonly tcp: Socket;
  readonly frames: Frame[] = [];
  isClosed = false;
  #unread = Buffer.alloc(0);

  private constructor(tcp: Socket) {
    this.tcp = tcp;
    tcp.on("close", () => (this.isClosed = true));
    tcp.on("error", () => {});
  }

  /** Resolves when the handshake is answered with 101. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const tcp = connect(Number(port), hostname);
    await once(tcp, "connect");
    tcp.setNoDelay(true);
    const lines = Object.entries({
      host: `${hostname}:${port}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    tcp.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const socket = new RawSocket(tcp);
    let head = Buffer.alloc(0);
    while (!head.includes("\r\n\r\n")) head = Buffer.concat([head, (await once(tcp, "data"))[0] as Buffer]);
    if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(head.toString());
    tcp.on("data", (piece) => socket.#read(piece));
    socket.#read(head.subarray(head.indexOf("\r\n\r\n") + 4));
    return socket;
  }

  /** A frame with these bytes; masked, as a client's must be. */
  send(opcode: number, payload: string | Buffer, { isLast = true, isMasked = true } = {}): void {
    const bytes = Buffer.from(payload);
    const mask = randomBytes(4);
    const extended = bytes.length < 126 ? 0 : bytes.length < 65_536 ? 2 : 8;
    const head = Buffer.alloc(2 + extended);
    head[0] = (isLast ? 0x80 : 0) | opcode;
    head[1] = (isMasked ? 0x80 : 0) | (extended === 0 ? bytes.length : extended === 2 ? 126 : 127);
    if (extended === 2) head.writeUInt16BE(bytes.length, 2);
    if (extended === 8) head.writeBigUInt64BE(BigInt(bytes.length), 2);
    const body = isMasked ? bytes.map((byte, at) => byte ^ mask[at % 4]!) : bytes;
    this.tcp.write(Buffer.concat(isMasked ? [head, mask, body] : [head, body]));
  }

  say(message: object): void {
    this.send(OPCODE.text, JSON.stringify(message));
  }

  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode === OPCODE.text).map(({ payload }) => payload.toString());
  }

  /** The server's close; 1006 when the connection has ended without one. */
  get closed(): { code: number; reason: string } | undefined {
    const close = this.frames.find(({ opcode }) => opcode === OPCODE.close);
    if (close === undefined) return this.isClosed ? { code: 1006, reason: "" } : undefined;
    if (close.payload.length < 2) return { code: 1005, reason: "" };
    return { code: close.payload.readUInt16BE(0), reason: close.payload.subarray(2).toString() };
  }

  ended(longest_ms?: number): Promise<{ code: number; reason: string }> {
    return until("the end of the connection", () => this.closed, longest_ms);
  }

  #read(piece: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, piece]);
    for (;;) {
      const bytes = this.#unread;
      if (bytes.length < 2) return;
      const short = bytes[1]! & 0x7f;
      const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < begin) return;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < begin + length) return;
      this.frames.push({ opcode: bytes[0]! & 0x0f, payload: bytes.subarray(begin, begin + length) });
      this.#unread = bytes.subarray(begin + length);
    }
  }
}
