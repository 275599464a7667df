import createCore from "fabula-core";
import { CoreChatStream } from "./chat-stream.ts";
import { compareDossiers, CoreDossier } from "./core-dossier.ts";
import { transformText } from "./core-memory.ts";
import type { Dossier, DossierDifference, DossierSnapshot } from "./dossier.ts";

export type * from "./dossier.ts";

/** What is known of a turn; ids are UUIDs, and what is not known is left out. */
export interface Metadata {
  session_id?: string;
  project_id?: string;
  user_id?: string;
  message_id?: string;
  user_message_id?: string;
  stream_id?: string;
  model?: string;
  provider?: string;
  /** null: the provider told none. */
  tokens: { in: number | null; out: number | null };
  /** Only when it is new. */
  title?: string;
  /** Only in a guest's first answer. */
  guest_token?: string;
}

export interface StreamError {
  /**
   * A stable code of the server, or `unreadable_stream`: the body is not what POST /chat sends, or
   * one of its events is over 1 MiB.
   */
  code: string;
  message: string;
  /** Whether the same request may succeed later. */
  retryable: boolean;
}

/** `id` counts the bytes of the reply's text so far; "" when the stream gave none. */
export type ChatEvent =
  | { type: "text"; content: string; id: string }
  | { type: "metadata"; metadata: Metadata; id: string }
  | { type: "done"; id: string }
  | { type: "error"; error: StreamError; id: string };

/** The body of one POST /chat. */
export interface ChatStream {
  /**
   * Takes the body's next piece, cut anywhere, and gives the events that it completes. Events of
   * unknown types are left out. `done` and `error` come last: what follows them is not read. Throws
   * only after `dispose`.
   */
  feed(piece: Uint8Array): ChatEvent[];
  /** The id of the last event that could be read, to send as `Last-Event-ID` when resuming. */
  readonly lastId: string;
  /** Whether `done` or `error` has come. A body that ends before did not arrive whole. */
  readonly isOver: boolean;
  /** Gives the memory back. A stream that is over has given it back already. */
  dispose(): void;
}

export interface Fabula {
  openChatStream(): ChatStream;
  /** An empty one, which grows with the entries that are added to it. */
  openDossier(): Dossier;
  /** What has changed from one snapshot to another, as the server's `diff` tells it. */
  compareDossiers(from: DossierSnapshot, to: DossierSnapshot): DossierDifference;
  /** The title that a session gets from its first message. Throws a RangeError above 1 MiB. */
  sessionTitle(message: string): string;
  /** What the story companion is told about itself. */
  systemPrompt(): string;
}

export interface LoadOptions {
  /** Where fabula.wasm is; next to this module when left out. */
  wasmUrl?: string | URL;
}

/**
 * Fetches and compiles fabula.wasm: the same C++ core as the functions'. Rejects when that cannot be
 * done. A page's Content-Security-Policy needs `script-src 'self' 'wasm-unsafe-eval'`.
 *
 *     const fabula = await loadFabula();
 *     const stream = fabula.openChatStream();
 *     for await (const piece of response.body) {
 *       for (const event of stream.feed(piece)) show(event);
 *     }
 *     if (!stream.isOver) resumeAfter(stream.lastId); // The connection broke.
 *     stream.dispose();
 */
export async function loadFabula(options: LoadOptions = {}): Promise<Fabula> {
  const response = await fetch(options.wasmUrl ?? new URL("fabula.wasm", import.meta.url));
  if (!response.ok) throw new Error(`${response.url} cannot be loaded: status ${response.status}`);
  const core = await createCore({ wasmBinary: await response.arrayBuffer() });
  return {
    openChatStream: () => new CoreChatStream(core),
    openDossier: () => new CoreDossier(core),
    compareDossiers: (from, to) => compareDossiers(core, from, to),
    sessionTitle: (message) => transformText(core, message, core._fabula_session_title),
    systemPrompt: () => transformText(core, "", core._fabula_system_prompt),
  };
}
