// A database with a million messages, made in a minute: 20,000 sessions of 50 messages, each in its
// own project, of 400 owners; and a long and a short session of the first owner.
import type pg from "pg";
import type { Principal } from "./turns.ts";

const OWNERS = 400;
const SESSIONS = 20_000;
const MESSAGES_EACH = 50;
const LONG_SESSION = SESSIONS + 1;
const SHORT_SESSION = SESSIONS + 2;
const LONG_SESSION_MESSAGES = 100_000;
const SHORT_SESSION_MESSAGES = 100;
const ASSERTIONS_EACH = 10;
const BOTS = 20_000;
/** Every hundredth bot is public. */
export const PUBLIC_BOTS = BOTS / 100;
export const BOTS_OF_USER = BOTS / OWNERS;
/** In sessions of other owners, half of them silent. */
export const RUNNING_TURNS = 200;
/** Assertions about the project of the long session. */
export const LONG_LOG = 20_000;

// Ids are numbers, because an index that grows at its end is filled much faster than one that grows
// anywhere.
const KIND = { owner: 1, project: 2, session: 3, message: 4, generation: 5 } as const;
const prefix = (kind: keyof typeof KIND) => `${KIND[kind]}0000000-0000-4000-8000-`;
const idOf = (kind: keyof typeof KIND, number: number) =>
  prefix(kind) + number.toString(16).padStart(12, "0");
const sqlId = (kind: keyof typeof KIND, number: string) =>
  `('${prefix(kind)}' || lpad(to_hex(${number}), 12, '0'))::uuid`;

// An owner's sessions have numbers that are OWNERS apart, and shapes in turn.
const SHAPES = 10;
const sqlShape = (session: string) => `((${session} - 1) / ${OWNERS} % ${SHAPES})`;
const ofShape = (shape: number) => 1 + OWNERS * (SHAPES + shape);

/** The first owner. */
export const user: Principal = {
  kind: "user",
  issuer: "https://fabula.test/auth/v1",
  subject: idOf("owner", 1),
};

interface Session {
  session_id: string;
  project_id: string;
  leaf_id: string;
  /** Messages on the path to the leaf. */
  depth: number;
}
const sessionOf = (number: number, lastMessage: number, depth: number): Session => ({
  session_id: idOf("session", number),
  project_id: idOf("project", number),
  leaf_id: idOf("message", lastMessage),
  depth,
});
const ordinary = (shape: number, depth: number) =>
  sessionOf(ofShape(shape), ofShape(shape) * MESSAGES_EACH, depth);
/** Has another beginning, written after the first two messages, so that its path came late. */
export const rewrittenSession = ordinary(0, MESSAGES_EACH - 2);
/** Its original first message. */
export const firstBeginning = idOf("message", (ofShape(0) - 1) * MESSAGES_EACH + 1);
/** Its last reply is the third one to its question. */
export const retakenSession = ordinary(1, MESSAGES_EACH - 2);
export const linearSession = ordinary(2, MESSAGES_EACH);
const LINEAR = ofShape(2);
/** The first owner's name for it; sessions of the relay are named by their numbers. */
export const namedSession = { ...ordinary(4, MESSAGES_EACH), external_id: `${ofShape(4)}` };
/** The first owner's, and private. */
export const BOT_OF_USER = 1;
export const longSession = sessionOf(
  LONG_SESSION,
  SESSIONS * MESSAGES_EACH + LONG_SESSION_MESSAGES,
  LONG_SESSION_MESSAGES,
);
export const shortSession = sessionOf(
  SHORT_SESSION,
  SESSIONS * MESSAGES_EACH + LONG_SESSION_MESSAGES + SHORT_SESSION_MESSAGES,
  SHORT_SESSION_MESSAGES,
);
/** Every tenth session has been deleted. */
export const DELETED_SESSIONS_OF_USER = (SESSIONS / OWNERS) * 0.1;
export const ACTIVE_SESSIONS_OF_USER = (SESSIONS / OWNERS) * 0.9 + 2;
export const PROJECTS_OF_USER = SESSIONS / OWNERS + 2;

const IS_RELAY = "(session % 5 = 0 or shape = 4)";

const NUMBERED_SESSIONS = `
  select session,
    case when session > ${SESSIONS} then 1 else (session - 1) % ${OWNERS} + 1 end as owner,
    case session when ${LONG_SESSION} then ${LONG_SESSION_MESSAGES}
      when ${SHORT_SESSION} then ${SHORT_SESSION_MESSAGES} else ${MESSAGES_EACH} end as messages,
    -- Numbers of the messages before this session's.
    case session when ${LONG_SESSION} then ${SESSIONS * MESSAGES_EACH}
      when ${SHORT_SESSION} then ${SESSIONS * MESSAGES_EACH + LONG_SESSION_MESSAGES}
      else (session - 1) * ${MESSAGES_EACH} end as before,
    case when session > ${SESSIONS} then 2 else ${sqlShape("session")} end as shape,
    case session when ${LONG_SESSION} then ${LONG_LOG} else ${ASSERTIONS_EACH} end as assertions,
    now() - (${SESSIONS + 2} - session) * interval '1 minute' as moment
  from generate_series(1, ${SESSIONS + 2}) session`;

/** Fills a migrated and empty database. The client is a superuser's. */
export async function fill(client: pg.Client): Promise<void> {
  // Without triggers: checking the foreign keys of this many rows takes longer than all the rest.
  await client.query(`
    set session_replication_role = replica;
    set maintenance_work_mem = '256MB';
    create temporary table numbered as ${NUMBERED_SESSIONS};

    insert into public.principals (id, kind, issuer, subject)
    select id, 'user', '${user["issuer"]}', id::text
    from (select ${sqlId("owner", "number")} as id from generate_series(1, ${OWNERS}) number) owner;

    insert into public.projects (project_id, owner_id, name, created_at, updated_at)
    select ${sqlId("project", "session")}, ${sqlId("owner", "owner")}, 'Project ' || session,
      moment, moment
    from numbered;

    insert into public.dossiers (project_id, owner_id, head, folded_to, created_at, updated_at)
    select ${sqlId("project", "session")}, ${sqlId("owner", "owner")}, assertions,
      assertions, moment, moment
    from numbered;

    insert into public.sessions (
      session_id, owner_id, project_id, kind, external_id, title, is_active, active_leaf_id,
      turn_count, message_count, last_epoch, created_at, updated_at, last_message_at)
    select ${sqlId("session", "session")}, ${sqlId("owner", "owner")},
      ${sqlId("project", "session")}, case when ${IS_RELAY} then 'relay' else 'chat' end,
      case when ${IS_RELAY} then session::text end, 'Session ' || session, shape <> 9, ${sqlId("message", "before + messages")},
      messages / 2, messages, 5, moment, moment, moment
    from numbered;

    insert into public.messages (
      message_id, session_id, owner_id, parent_id, depth, turn_id, turn_number, position, role,
      content, created_at, updated_at)
    select ${sqlId("message", "before + position")}, ${sqlId("session", "session")},
      ${sqlId("owner", "owner")},
      case when depth > 1 then ${sqlId("message", "before + parent")} end, depth,
      ${sqlId("message", "before + position")}, (position + 1) / 2, position,
      case depth % 2 when 1 then 'user' else 'assistant' end,
      repeat('A fox. ', 20), moment, moment
    from numbered
    cross join lateral generate_series(1, messages) position
    cross join lateral (
      select
        case when shape = 0 and position > 2 then position - 2
          when shape = 1 and position > 48 then 48 else position end as depth,
        case when shape = 1 and position > 48 then 47 else position - 1 end as parent
    ) placed;

    insert into public.generations (
      generation_id, owner_id, session_id, stream_id, user_message_id, message_id, epoch, status,
      saved_bytes, finished_at)
    select id, ${sqlId("owner", "owner")}, ${sqlId("session", "session")}, id::text,
      ${sqlId("message", "before + epoch * 2 - 1")}, ${sqlId("message", "before + epoch * 2")},
      epoch, 'complete', 140, moment
    from numbered
    cross join generate_series(1, 5) epoch
    cross join lateral (select ${sqlId("generation", "session * 5 + epoch")} as id) named;

    insert into public.dossier_assertions (
      project_id, owner_id, position, assertion_id, kind, body, message_id)
    select ${sqlId("project", "session")}, ${sqlId("owner", "owner")}, position,
      encode(sha256(convert_to(session || ' ' || position, 'UTF8')), 'hex'), 'extracted',
      '{"text": "A fox lives here."}', ${sqlId("message", "before + position")}
    from numbered
    cross join lateral generate_series(1, assertions) position;

    insert into public.generations (
      generation_id, owner_id, session_id, stream_id, user_message_id, epoch, heartbeat_at)
    select id, ${sqlId("owner", "owner")}, ${sqlId("session", "session")}, id::text,
      ${sqlId("message", "before + 1")}, 6,
      now() - session / 2 % 2 * interval '1 hour'
    from numbered
    cross join lateral (
      select ${sqlId("generation", `1000000 + session`)} as id
    ) named
    where owner <> 1 and session % 2 = 0
    order by session
    limit ${RUNNING_TURNS};

    insert into public.bots (owner_id, name, model, is_public)
    select ${sqlId("owner", `(number - 1) % ${OWNERS} + 1`)}, 'Bot ' || number, 'a-model',
      number % 100 = 0
    from generate_series(1, ${BOTS}) number;
    insert into private.bot_keys (bot_id, access_key)
    select bot_id, 'a-key-' || bot_id from public.bots;

    insert into public.jobs (
      kind, session_id, owner_id, merge_key, is_serial, status, finished_at, payload, kept_for)
    select 'session_summary', ${sqlId("session", "session")}, ${sqlId("owner", "owner")},
      'session', true,
      case when shape = 0 then 'queued' else 'done' end, case when shape <> 0 then now() end,
      jsonb_build_object('until_message_id', ${sqlId("message", "before + 40")}), '1 day'
    from numbered;

    insert into public.jobs (
      kind, session_id, owner_id, merge_key, is_serial, status, finished_at, kept_for)
    select 'dossier_extraction', ${sqlId("session", "session")}, ${sqlId("owner", "owner")},
      'session', true,
      case when session = ${LINEAR} then 'queued' else 'done' end,
      case when session <> ${LINEAR} then now() end, '1 day'
    from numbered;

    insert into public.job_steps (job_id, step, owner_id, kind, status, run_after, finished_at)
    select job_id, 1, owner_id, kind, status,
      now() - case kind when 'dossier_extraction' then interval '1 hour' else interval '0' end,
      finished_at
    from public.jobs;

    insert into public.job_queues (owner_id, kind, served_at, next_due_at)
    select owner_id, kind, now(), min(run_after)
    from public.job_steps
    where status = 'queued'
    group by owner_id, kind;

    -- The first messages of each session have been read. In one session the last ones have not.
    insert into public.message_extractions (session_id, message_id, owner_id, read_bytes, is_done)
    select ${sqlId("session", "session")}, ${sqlId("message", "before + position")},
      ${sqlId("owner", "owner")}, case when position <= 10 then 140 else 0 end, position <= 10
    from numbered
    cross join lateral generate_series(
      1, case when session = ${LINEAR} then messages else 10 end) position
    where position <= 10 or position > messages - 4;

    insert into public.session_summaries (
      session_id, until_message_id, owner_id, until_position, summary)
    select ${sqlId("session", "session")}, ${sqlId("message", "before + position")},
      ${sqlId("owner", "owner")}, position, 'A fox was there.'
    from numbered
    cross join lateral generate_series(messages - 20, 20, -greatest(messages / 1000, 10)) position;

    drop table numbered;
    reset session_replication_role`);
  await client.query("vacuum analyze");
}
