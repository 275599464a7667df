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

export interface DossierCharacter extends DossierThing {
  relationships: string[];
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
  /** The very bytes of the server's `snapshot_json`. */
  snapshotJson(): string;
  /** Gives the memory back. */
  dispose(): void;
}
