// The access that callers of Supabase REST have to our tables and functions, by their role; taken
// from design section 6 (people read their own rows and write nothing, the functions are only for
// the edge) and from PostgREST's documentation of its errors, before anything is run.

/** The tables of `public` in which people read their own rows; nobody reads any other. */
export const READABLE: readonly string[] = [
  "bots",
  "characters",
  "chats",
  "conversation_events",
  "dossier_assertions",
  "dossiers",
  "live_sessions",
  "memories",
  "message_revisions",
  "messages",
  "model_calls",
  "profiles",
  "projects",
  "realtime_sessions",
  "relay_messages",
  "session_events",
  "session_summaries",
  "sessions",
  "stories",
  "story_illustrations",
  "story_parts",
  "story_versions",
  "usage",
];

/** The documents' tables call an owner as the documents do. */
export const ownerColumn = (table: string): string =>
  ["chats", "realtime_sessions", "relay_messages", "session_events"].includes(table) ? "user_id" : "owner_id";

/** `write`: insert, upsert, update and delete, of any table. `call`: any function of `public`. */
export const ACTIONS = ["read", "hidden", "write", "call"] as const;
export type Action = (typeof ACTIONS)[number];

// Status and code; 42501 is PostgreSQL's "insufficient privilege". `own`, `none` and `all` are rows;
// `may` is anything but a refusal for want of rights. A bearer that is no JWT, or one without a
// signature, counts as none on the embedded Supabase, and is 401 on any.
const TABLE = `
  who is calling                            read          hidden        write         call
  nobody, without a key                     401           401           401           401
  nobody                                    401 42501     401 42501     401 42501     401 42501
  the publishable key as bearer             401 42501     401 42501     401 42501     401 42501
  a guest's token                           401 42501     401 42501     401 42501     401 42501
  garbage                                   401 42501     401 42501     401 42501     401 42501
  the secret key as bearer alone            401 42501     401 42501     401 42501     401 42501
  a user                                    own           403 42501     403 42501     403 42501
  another user                              own           403 42501     403 42501     403 42501
  a user who has done nothing here          none          403 42501     403 42501     403 42501
  a user whom another issuer calls so       none          403 42501     403 42501     403 42501
  a user's token that has expired           401 PGRST303  401 PGRST303  401 PGRST303  401 PGRST303
  a user's token by another secret          401 PGRST301  401 PGRST301  401 PGRST301  401 PGRST301
  a service's token by another secret       401 PGRST301  401 PGRST301  401 PGRST301  401 PGRST301
  a user's token without a signature        401           401           401           401
  the secret key                            all           all           may           may
`;

export type Expectations = Record<Action, string>;

/** Keyed by the caller's role. */
export const EXPECTED: ReadonlyMap<string, Expectations> = new Map(
  TABLE.trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [caller = "", ...cells] = line.trim().split(/ {2,}/);
      const row = Object.fromEntries(ACTIONS.map((action, place) => [action, cells[place]]));
      return [caller, row as Expectations];
    }),
);
