import createCore from "fabula-core";
import { CoreChatStream } from "./chat-stream.ts";
import { compareDossiers, CoreDossier } from "./core-dossier.ts";
import { transformText } from "./core-memory.ts";

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

/** One row of a dossier's log, as `GET /dossier/{project_id}/history` and the database have it. */
export interface DossierEntry {
  /** SHA-256 of what is asserted, as 64 hexadecimal digits. */
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

/** What somebody is to a character. */
export interface DossierRelation {
  relation: string;
  /** Null: not known, or not in the dossier. */
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
 * A dossier that the page keeps: what it shows is a function of the set of its entries, the same as
 * on the server, in whatever order they were added. One more answer's entries onto a thousand cost a
 * few milliseconds.
 */
export interface Dossier {
  /**
   * Adds rows of a log; those that are there already, and those that cannot be read, change nothing.
   * Returns how many were new. Throws a TypeError when it is no array of objects, a RangeError above
   * 16 MiB of JSON at once.
   */
  add(entries: readonly DossierEntry[]): number;
  snapshot(): DossierSnapshot;
  /** The very bytes that the server's core writes; PostgreSQL stores them as jsonb, in its own order. */
  snapshotJson(): string;
  /**
   * One character, place or object, as the snapshot has it: by its id, or by that of anything that is
   * the same by now. A large snapshot takes longer to write and to parse than to compute.
   */
  thing(id: string): DossierThing | undefined;
  /** Gives the memory back. */
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
