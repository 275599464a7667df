import type { CoreModule } from "fabula-core";
import { readEvent, unreadable } from "./chat-event.ts";
import { readText } from "./core-memory.ts";
import type { ChatEvent, ChatStream } from "./fabula.ts";

// Larger pieces are decoded in parts, so that the core's memory does not grow with them.
const MAXIMUM_PIECE_BYTES = 1 << 16;

export class CoreChatStream implements ChatStream {
  readonly #core: CoreModule;
  /** The core's object; 0 once its memory is freed. */
  #stream: number;
  #lastId = "";
  #isOver = false;

  constructor(core: CoreModule) {
    this.#core = core;
    this.#stream = core._fabula_stream_create();
  }

  get lastId(): string {
    return this.#lastId;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  feed(piece: Uint8Array): ChatEvent[] {
    if (this.#stream === 0 && !this.#isOver) throw new Error("this ChatStream has been disposed");
    const events: ChatEvent[] = [];
    for (let at = 0; at < piece.length && !this.#isOver; at += MAXIMUM_PIECE_BYTES) {
      this.#decode(piece.subarray(at, at + MAXIMUM_PIECE_BYTES), events);
    }
    return events;
  }

  dispose(): void {
    if (this.#stream !== 0) this.#core._fabula_stream_destroy(this.#stream);
    this.#stream = 0;
  }

  #decode(piece: Uint8Array, events: ChatEvent[]): void {
    const core = this.#core;
    const address = core._fabula_stream_piece(this.#stream, piece.length);
    core.HEAPU8.set(piece, address);
    core._fabula_stream_feed(this.#stream);
    while (!this.#isOver) {
      const frame = core._fabula_stream_next(this.#stream);
      if (frame === 0) break;
      const event = this.#read(frame);
      if (event !== null) this.#add(event, events);
    }
    if (!this.#isOver && core._fabula_stream_is_too_large(this.#stream) !== 0) {
      this.#add(unreadable(this.#lastId, "An event of the answer is too large."), events);
    }
  }

  #read(frame: number): ChatEvent | null {
    const core = this.#core;
    const words = core.HEAPU32.subarray(frame / 4, frame / 4 + 4);
    const [data = 0, dataBytes = 0, id = 0, idBytes = 0] = words;
    const frameId = readText(core, id, idBytes);
    const event = readEvent(readText(core, data, dataBytes), frameId);
    // Resuming after a frame that could not be read would leave its text out.
    if (event === "unreadable") return unreadable(this.#lastId, "The answer cannot be read.");
    this.#lastId = frameId;
    return event;
  }

  #add(event: ChatEvent, events: ChatEvent[]): void {
    events.push(event);
    if (event.type !== "done" && event.type !== "error") return;
    this.#isOver = true;
    this.dispose();
  }
}
