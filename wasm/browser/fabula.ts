import createCore from "fabula-core";
import { CoreChatStream } from "./chat-stream.ts";
import { compareDossiers, CoreDossier } from "./core-dossier.ts";
import { transformText } from "./core-memory.ts";

/** Facts about a turn; ids are UUIDs, and unknown members are left out. */
export interface Metadata {
  session_id?: string;
  project_id?: string;
  user_id?: string;
  message_id?: string;
  user_message_id?: string;
  stream_id?: string;
  model?: string;
  provider?: string;
  /** null: the provider reported none. */
  tokens: { in: number | null; out: number | null };
  /** Only when it is new. */
  title?: string;
  /** Only in a guest's first answer. */
  guest_token?: string;
}

export interface StreamError {
  /**
   * A stable code of the server, or `unreadable_stream`: the body does not come from POST /chat, or one
   * of its events is over 1 MiB.
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
   * Takes the body's next piece, cut anywhere, and returns the events that it completes. Events of
   * unknown types are left out. `done` and `error` come last: everything after them is ignored. Throws
   * only after `dispose`.
   */
  feed(piece: Uint8Array): ChatEvent[];
  /** The id of the last event that could be read, to send as `Last-Event-ID` when resuming. */
  readonly lastId: string;
  /** Whether `done` or `error` has arrived. A body that ends before it is incomplete. */
  readonly isOver: boolean;
  /** Frees the memory. A stream that is over has freed it already. */
  dispose(): void;
}

/** One row of a dossier's log, from `GET /dossier/{project_id}/history` or the database. */
export interface DossierEntry {
  /** SHA-256 of the assertion, as 64 hexadecimal digits. */
  assertion_id: string;
  kind: "extracted" | "confirmed" | "user" | "path";
  body: Record<string, unknown>;
  message_id: string | null;
  position?: number;
}

export interface DossierThing {
  id: string;
  name: string;
  aliases: string[];
  description: string;
  /** Names of fields that the model's findings never change; "*": all of them. */
  locked?: string[];
  [field: string]: unknown;
}

/** A character's relation to another. */
export interface DossierRelation {
  relation: string;
  /** Null: unknown, or not in the dossier. */
  character_id: string | null;
  name: string | null;
}

export interface DossierCharacter extends DossierThing {
  relationships: string[];
  /** The relationships as objects. */
  relations: DossierRelation[];
  character_arc: string | null;
}

export interface DossierQuestion {
  id: string;
  kind: "contradiction" | "challenge" | "ambiguous_name" | "asked";
  text: string;
  field?: string;
  target?: string;
  values: { entry: string; value: string; quote: string | null; message_id: string | null }[];
}

export interface DossierSnapshot {
  characters: DossierCharacter[];
  themes: string[];
  locations: DossierThing[];
  plot_points: string[];
  objects: DossierThing[];
  open_questions: DossierQuestion[];
  title?: string;
  logline?: string;
  genre?: string;
  tone?: string;
}

interface ListDifference<Item> {
  added: Item[];
  removed: Item[];
}

interface ThingDifference extends ListDifference<unknown> {
  changed: {
    id: string;
    name: string;
    fields: ({ field: string } & ({ from: unknown; to: unknown } | ListDifference<string>))[];
  }[];
}

export interface DossierDifference {
  characters: ThingDifference;
  locations: ThingDifference;
  objects: ThingDifference;
  themes: ListDifference<string>;
  plot_points: ListDifference<string>;
  open_questions: ListDifference<unknown>;
  story: { field: string; from: unknown; to: unknown }[];
}

/**
 * A dossier in the page: it depends only on the set of its entries, as on the server, in whatever order
 * they were added. Adding the entries of one answer to a thousand costs a few milliseconds.
 */
export interface Dossier {
  /**
   * Adds rows of a log; known and unreadable rows change nothing. Returns how many were new. Throws a
   * TypeError for anything but an array of objects, a RangeError above 16 MiB of JSON at once.
   */
  add(entries: readonly DossierEntry[]): number;
  snapshot(): DossierSnapshot;
  /**
   * Exactly the bytes that the server's core writes; PostgreSQL stores them as jsonb, in its own order.
   */
  snapshotJson(): string;
  /**
   * One character, place or object of the snapshot, by its id, or by the id of anything that is now the
   * same. A large snapshot takes longer to write and to parse than to compute.
   */
  thing(id: string): DossierThing | undefined;
  /** Frees the memory. */
  dispose(): void;
}

export interface Fabula {
  openChatStream(): ChatStream;
  /** Opens an empty dossier, which grows with the entries that are added to it. */
  openDossier(): Dossier;
  /** The changes from one snapshot to another, like the server's `diff`. */
  compareDossiers(from: DossierSnapshot, to: DossierSnapshot): DossierDifference;
  /** The title that a session gets from its first message. Throws a RangeError above 1 MiB. */
  sessionTitle(message: string): string;
  /** The story companion's system prompt. */
  systemPrompt(): string;
}

export interface LoadOptions {
  /** The URL of fabula.wasm; by default next to this module. */
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
