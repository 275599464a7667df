-- The database as it was at first: all of supabase/schemas.

-- supabase/schemas/base/schemas.sql

-- REST does not expose this schema: functions that policies and engine functions share, and bots' keys.
create schema private;

revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

-- Users read their own rows over REST, and cannot write: all writing goes through engine functions,
-- which only the edge may call; otherwise users could forge a model's reply.
grant usage on schema public to anon, authenticated, service_role;

-- supabase/schemas/base/answer.sql

-- The answers of endpoint functions: an envelope, which the edge turns into HTTP without reading the
-- body.

-- Formats a time for callers, in UTC whatever the connection's zone is; null for null.
create function private.iso(moment timestamptz) returns text
language sql stable parallel safe
return pg_catalog.to_char(
  moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- {"body"}, with status and etag if they are not null. `etag` has letters and digits, but no quotes.
create function private.answer(
  body jsonb, status integer default null, etag text default null
) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object('body', coalesce(body, 'null'))
  || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('status', status, 'etag', etag));

-- A page of a list, which is a bare array: its first row is number `first_row` (from 0) of `total`.
create function private.answer_page(page jsonb, first_row bigint, total bigint) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'body', coalesce(page, '[]'),
  'total', total,
  'content_range', case
    when pg_catalog.jsonb_array_length(coalesce(page, '[]')) = 0 then '*/' || total
    else first_row || '-' || first_row + pg_catalog.jsonb_array_length(page) - 1 || '/' || total
  end);

revoke all on function
  private.iso(timestamptz),
  private.answer(jsonb, integer, text),
  private.answer_page(jsonb, bigint, bigint)
from public, anon, authenticated, service_role;
grant execute on function private.iso(timestamptz) to authenticated, service_role;
grant execute on function
  private.answer(jsonb, integer, text),
  private.answer_page(jsonb, bigint, bigint)
to service_role;

-- supabase/schemas/base/page.sql

-- How many rows a page of a list has: query.limit, held to 1..100.
create function private.page_size(query jsonb, default_rows integer) returns integer
language sql immutable parallel safe
return least(greatest(coalesce((query ->> 'limit')::numeric, default_rows), 1), 100)::integer;

-- How many rows come before a page: query.offset, held to 0..1,000,000.
create function private.page_start(query jsonb) returns integer
language sql immutable parallel safe
return least(greatest(coalesce((query ->> 'offset')::numeric, 0), 0), 1000000)::integer;

revoke all on function
  private.page_size(jsonb, integer),
  private.page_start(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.page_size(jsonb, integer),
  private.page_start(jsonb)
to service_role;

-- supabase/schemas/base/read_id.sql

-- The id under this key; null when it is absent. Not volatile, so that a condition asks it once: rows are
-- then found by the index of an id that a caller sent, instead of comparing each row's.
create function private.read_id(request jsonb, key text) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  value text := request ->> key;
begin
  if value !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    perform private.refuse(400, 'invalid_id', format('%s must be a UUID.', key));
  end if;
  return value::uuid;
end
$$;

revoke all on function private.read_id(jsonb, text) from public, anon, authenticated, service_role;
grant execute on function private.read_id(jsonb, text) to service_role;

-- supabase/schemas/base/refuse.sql

-- How an engine function refuses. The edge has verified the caller's credentials; the engine functions
-- trust what it passes.

-- Ends the call with SQLSTATE PTnnn, which PostgREST turns into that HTTP status. The message tells
-- the caller what to do; the code is one of shared/result/error_code.cpp.
create function private.refuse(status integer, code text, message text, hint text default '')
returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status, message = refuse.message, detail = code, hint = refuse.hint;
end
$$;

revoke all on function private.refuse(integer, text, text, text)
from public, anon, authenticated, service_role;
grant execute on function private.refuse(integer, text, text, text) to service_role;

-- supabase/schemas/base/touch_updated_at.sql

-- A row that says when it was last changed.
create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

revoke all on function private.touch_updated_at() from public, anon, authenticated, service_role;

-- supabase/schemas/base/version.sql

-- The entity tag of a row that was last changed at this time.
create function private.version_of(updated_at timestamptz) returns text
language sql stable parallel safe
return ((extract(epoch from updated_at) * 1000000)::bigint)::text;

-- Refuses when the caller has seen another version. `if_match` is one entity tag or several with
-- commas between them, in quotes or not; `*` and none at all agree with every version.
create function private.check_version(if_match text, version text) returns void
language plpgsql set search_path = '' as $$
declare
  seen constant text[] := string_to_array(translate(if_match, '" ', ''), ',');
begin
  if not (version = any (seen) or '*' = any (seen)) then
    perform private.refuse(412, 'precondition_failed',
      'It has changed since you read it: read it again and decide anew.');
  end if;
end
$$;

revoke all on function
  private.version_of(timestamptz),
  private.check_version(text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.version_of(timestamptz),
  private.check_version(text, text)
to service_role;

-- supabase/schemas/identity/principals.sql

-- The owners of all data: users of Supabase Auth, guests, and users of other issuers.
create table public.principals (
  -- A Supabase user's `sub`; for all others an id of our own. There is no foreign key to auth.users,
  -- because a plain PostgreSQL has no such table.
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('user', 'guest', 'external')),
  issuer text check (char_length(issuer) between 1 and 512),
  subject text check (char_length(subject) between 1 and 512),
  -- SHA-256 of the token that was shown to the guest once, as hexadecimal digits.
  guest_token_hash text unique check (guest_token_hash ~ '^[0-9a-f]{64}$'),
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  -- The account that a guest was moved to. The row is kept for a while, so that a repeated move is
  -- answered, and the guest's token is refused for the right reason.
  migrated_to uuid references public.principals (id) on delete cascade,
  constraint principals_issuer_subject_key unique (issuer, subject),
  constraint principals_have_credentials_of_their_kind check (
    case kind
      when 'guest' then issuer is null and subject is null and expires_at is not null
      else issuer is not null and subject is not null
        and guest_token_hash is null and expires_at is null
    end
  ),
  constraint users_keep_the_id_of_their_token check (kind <> 'user' or subject = id::text),
  constraint guests_move_to_somebody_else
    check (migrated_to is null or (migrated_to <> id and kind <> 'external'))
);

comment on table public.principals is
  'Owners of everything. Not readable over REST, because it holds the hashes of guest tokens.';

-- The guests of an account.
create index principals_migrated on public.principals (migrated_to);
-- Guests by expiry, for the clean-up.
create index guests_by_expiry on public.principals (expires_at) where kind = 'guest';

alter table public.principals enable row level security;

-- supabase/schemas/identity/deleted_accounts.sql

-- A token that is still valid does not bring a deleted account back.
create table public.deleted_accounts (
  -- Of whose tokens must not make an account again; nothing else is kept of them.
  identity_hash text primary key check (identity_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);

comment on table public.deleted_accounts is
  'Hashes of the identities of deleted accounts, for a week. Not readable over REST.';

-- Those that are older than any token.
create index deleted_accounts_by_age on public.deleted_accounts (deleted_at);

alter table public.deleted_accounts enable row level security;

-- supabase/schemas/identity/current_principal.sql

-- The principal of the request's token, null when it has none. Policies ask this and nothing else. A
-- Supabase user's id means something in tokens of this deployment's Supabase alone.
-- A user is named by the `sub` of tokens without an issuer (the embedded Supabase tells none), by
-- `supabase`, which private.act_as says, and by Supabase Auth, whose address may change. Any other
-- issuer that PostgREST trusts may call its users what it likes, a Supabase user's id too, and never
-- speaks for one. A guest is named by private.act_as alone, without an issuer.
-- Security definer: callers may not read principals themselves.
create function private.current_principal() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  -- PostgREST sets the claims, the embedded Supabase the single settings too; after a transaction
  -- both are empty rather than unset.
  claims jsonb := coalesce(
    nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
  token_subject text := coalesce(
    claims ->> 'sub', nullif(current_setting('request.jwt.claim.sub', true), ''));
  token_issuer text := claims ->> 'iss';
  principal_id uuid;
begin
  if token_subject ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    select id into principal_id
    from public.principals
    where id = token_subject::uuid
      and case kind
        when 'user' then
          token_issuer is null or token_issuer = 'supabase' or token_issuer like '%/auth/v1'
        when 'guest' then token_issuer is null
        else false
      end;
  end if;
  if principal_id is null then
    select id into principal_id
    from public.principals
    where issuer = token_issuer and subject = token_subject and kind = 'external';
  end if;
  return principal_id;
end
$$;

revoke all on function private.current_principal() from public, anon, authenticated, service_role;
grant execute on function private.current_principal() to authenticated;

-- supabase/schemas/identity/hold_owner.sql

-- Nothing new for a principal who is gone or has moved meanwhile: waits for whoever deletes or moves them, and
-- keeps them until the transaction ends. Comes before the lock of anything that is theirs.
create function private.hold_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  holder public.principals;
begin
  select * into holder from public.principals where id = principal_id for share;
  perform private.require_current(holder);
end
$$;

-- resolve_principal does not hold users as it holds guests, because most calls only read.
create function private.hold_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.hold_principal(new.owner_id);
  return new;
end
$$;

revoke all on function
  private.hold_principal(uuid),
  private.hold_owner()
from public, anon, authenticated, service_role;
grant execute on function private.hold_principal(uuid) to service_role;

-- supabase/schemas/identity/profiles.sql

create table public.profiles (
  owner_id uuid primary key references public.principals (id) on delete cascade,
  email text check (char_length(email) between 1 and 320),
  display_name text check (char_length(display_name) between 1 and 200),
  avatar_url text check (char_length(avatar_url) between 1 and 2048),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

alter table public.profiles enable row level security;

create policy own_profile_is_readable on public.profiles for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.profiles
  for each row execute function private.hold_owner();

-- supabase/schemas/projects/projects.sql

-- Composite foreign keys to this table, and to those below it, carry the owner (and the session)
-- along, so that a row can neither belong to somebody else than what contains it, nor point into
-- another conversation. Giving everything to another owner is an update of projects and sessions alone.
create table public.projects (
  project_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  is_favourite boolean not null default false,
  phase text not null default 'setup'
    check (phase in ('setup', 'premise', 'outline', 'writing', 'export')),
  status text not null default 'active' check (status in ('active', 'completed', 'archived')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint projects_project_id_owner_id_key unique (project_id, owner_id)
);

-- A principal's projects, newest first.
create index projects_of_owner on public.projects (owner_id, updated_at desc);

alter table public.projects enable row level security;

create policy own_projects_are_readable on public.projects for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.projects
  for each row execute function private.hold_owner();

-- Giving a row to another owner is no change of what it says: lists keep their order.
create trigger touch_updated_at before update on public.projects
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

-- supabase/schemas/conversation/sessions.sql

-- A deleted session keeps its row, with is_active false.
create table public.sessions (
  session_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  project_id uuid,
  kind text not null check (kind in ('chat', 'relay', 'companion', 'realtime')),
  -- The caller's own name for the conversation, for kinds other than chat.
  external_id text check (char_length(external_id) between 1 and 128),
  title text not null check (char_length(title) between 1 and 200),
  is_active boolean not null default true,
  -- A message of this session (messages.sql has the foreign key).
  active_leaf_id uuid,
  turn_count integer not null default 0 check (turn_count >= 0),
  -- Messages of all takes; also the position of the newest one.
  message_count integer not null default 0 check (message_count >= 0),
  -- The newest generation's epoch, 0 before the first.
  last_epoch bigint not null default 0 check (last_epoch >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_message_at timestamptz not null default now(),
  constraint sessions_session_id_owner_id_key unique (session_id, owner_id),
  constraint sessions_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- Finds a principal's session by its external_id, and makes that unique. The external_id of a deleted
-- session can be used again.
create unique index sessions_by_external_id on public.sessions (owner_id, kind, external_id)
  where external_id is not null and is_active;
-- A principal's sessions, newest first.
create index sessions_of_owner on public.sessions (owner_id, last_message_at desc);
-- A principal's active sessions, in the order of lists, and their number.
create index sessions_listed on public.sessions (owner_id, last_message_at desc, session_id)
  include (kind) where is_active;
-- A project's sessions, which are deleted with it.
create index sessions_of_project on public.sessions (project_id, owner_id);

alter table public.sessions enable row level security;

create policy own_sessions_are_readable on public.sessions for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.sessions
  for each row execute function private.hold_owner();

-- A change of owner does not count as an update, so that lists keep their order.
create trigger touch_updated_at before update on public.sessions
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

-- supabase/schemas/conversation/messages.sql

-- A conversation is a tree: every message but the first has a parent, the session's active leaf says
-- which path is shown, and nothing is deleted.
create table public.messages (
  message_id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  owner_id uuid not null,
  parent_id uuid,
  -- A turn is one message of the user and every take of the answer to it.
  turn_id uuid not null,
  turn_number integer not null check (turn_number >= 1),
  -- Order of arrival in the session, from 1.
  position integer not null check (position >= 1),
  role text not null check (role in ('user', 'assistant', 'system')),
  content text not null check (octet_length(content) <= 4194304),
  status text not null default 'complete'
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  is_complete boolean not null generated always as (status = 'complete') stored,
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer check (output_tokens >= 0),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- How many messages the path to this one has: 1 for a conversation's first.
  depth integer not null,
  -- Counts the texts that the message has had: 1 until somebody edits it.
  revision integer not null default 1 check (revision >= 1),
  parent_depth integer generated always as (nullif(depth - 1, 0)) stored,
  constraint messages_session_id_message_id_key unique (session_id, message_id),
  -- With the owner in it, because row level security asks for both: a page of a session is then read
  -- in order from the index, whatever the planner thinks of the second condition.
  constraint messages_session_id_owner_id_position_key unique (session_id, owner_id, position),
  constraint messages_depth_key unique (session_id, message_id, depth),
  constraint messages_without_parent_are_first check ((parent_id is null) = (depth = 1)),
  constraint messages_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  -- A parent is in the same session and exactly one step nearer to the beginning. So depths are right
  -- whoever writes, and a circle cannot be stored.
  constraint messages_have_a_parent_one_step_up foreign key (session_id, parent_id, parent_depth)
    references public.messages (session_id, message_id, depth)
);

alter table public.sessions
  add constraint sessions_session_id_active_leaf_id_fkey foreign key (session_id, active_leaf_id)
    references public.messages (session_id, message_id);

-- The takes of an answer in the order in which they came: messages with one parent. With all columns
-- of the foreign key above, which is followed backwards by it.
create index messages_of_parent
  on public.messages (session_id, parent_id, parent_depth, position);
-- The takes of a session's first message.
create index messages_first on public.messages (session_id, position) where parent_id is null;

alter table public.messages enable row level security;

create policy own_messages_are_readable on public.messages for select to authenticated
  using (owner_id = (select private.current_principal()));

-- Giving a row to another owner is no change of what it says: lists keep their order.
create trigger touch_updated_at before update on public.messages
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

-- supabase/schemas/conversation/message_revisions.sql

-- Texts that a message had until it was edited.
create table public.message_revisions (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  revision integer not null check (revision >= 1),
  content text not null check (octet_length(content) <= 4194304),
  -- The session's newest epoch when this text was replaced: generations up to that one may have been
  -- sent it, later ones were not. Unlike a time it cannot run backwards.
  last_epoch bigint not null check (last_epoch >= 0),
  replaced_at timestamptz not null,
  primary key (session_id, message_id, revision),
  constraint message_revisions_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint message_revisions_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

alter table public.message_revisions enable row level security;

create policy own_message_revisions_are_readable
  on public.message_revisions for select to authenticated
  using (owner_id = (select private.current_principal()));

-- supabase/schemas/bots/bots.sql

-- Bots of the relay: a model with its instructions, and where and with which key it is reached.
create table public.bots (
  bot_id bigint generated always as identity primary key,
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  -- Null: whichever provider has the model by the deployment's settings.
  provider text check (char_length(provider) between 1 and 64),
  model text not null check (char_length(model) between 1 and 256),
  system text check (octet_length(system) between 1 and 200000),
  -- Where requests go instead of the provider's own address.
  access_path text check (char_length(access_path) between 1 and 2048),
  is_public boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- A principal's bots, newest first.
create index bots_of_owner on public.bots (owner_id, bot_id desc);
-- Everybody's bots, newest first, and how many are another's.
create index public_bots on public.bots (bot_id desc) include (owner_id) where is_public;

alter table public.bots enable row level security;

-- Over REST the own ones alone: of public bots the instructions are their owner's, and row level
-- security hides rows, not columns.
create policy own_bots_are_readable on public.bots for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.bots
  for each row execute function private.hold_owner();

create trigger touch_updated_at before update on public.bots
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

-- supabase/schemas/bots/bot_keys.sql

-- Written through the API and read by begin_turn alone, for the edge: in a schema that REST does not
-- expose, and apart from the bot, so that no answer about a bot can have it.
create table private.bot_keys (
  bot_id bigint primary key references public.bots (bot_id) on delete cascade,
  access_key text not null check (char_length(access_key) between 1 and 4096)
);

alter table private.bot_keys enable row level security;

grant select, insert, update, delete on private.bot_keys to service_role;

-- supabase/schemas/turn/generations.sql

-- One run of a model for one turn, with all that is needed to find it again, resume it and explain it.
create table public.generations (
  generation_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  session_id uuid not null,
  -- The id to resume and cancel by: the caller's own text, or an id that begin_turn made.
  stream_id text not null check (char_length(stream_id) between 1 and 128),
  user_message_id uuid not null,
  -- Allotted at the start; the message itself is stored with the end, unless nothing was said.
  message_id uuid not null default gen_random_uuid(),
  -- Increases within a session, so that a late cancel does not affect a newer generation.
  epoch bigint not null check (epoch >= 1),
  status text not null default 'streaming' check (
    status in ('streaming', 'complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  cancel_requested boolean not null default false,
  -- UTF-8 bytes of the reply that are stored, first in chunks, then in the message.
  saved_bytes integer not null default 0 check (saved_bytes >= 0),
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  finish_reason text check (char_length(finish_reason) <= 64),
  error_code text check (char_length(error_code) <= 64),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer check (output_tokens >= 0),
  first_token_ms integer check (first_token_ms >= 0),
  latency_ms integer check (latency_ms >= 0),
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  finished_at timestamptz,
  action text not null default 'say'
    check (action in ('say', 'edit', 'regenerate', 'continue')),
  -- Bytes of the reply that existed before this run: the text that `continue` continues.
  base_bytes integer not null default 0 check (base_bytes >= 0),
  -- Messages of this session, written under its lock. No foreign keys: messages are deleted only with their
  -- session, and so are its generations.
  continued_from_id uuid,
  -- Where the path ended before `regenerate` and `continue` moved it to the question.
  previous_leaf_id uuid,
  -- The model was sent the path from this depth on, to the question or to the continued reply, with the texts
  -- of that time; null when that was not kept.
  sent_from_depth integer check (sent_from_depth >= 1),
  instruction text check (octet_length(instruction) <= 200000),
  system_prompt text check (octet_length(system_prompt) <= 200000),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  -- The caller's name for its request, and SHA-256 of the request under that name, or under the caller's own
  -- stream_id.
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  request_hash text check (request_hash ~ '^[0-9a-f]{64}$'),
  -- The bot that answered. No foreign key: the bot may be another owner's, and its deletion must neither wait
  -- for turns nor change what was said.
  bot_id bigint,
  -- How often the running reply was saved with new text.
  save_count integer not null default 0 check (save_count >= 0),
  -- The summary that the model was sent instead of the messages before `sent_from_depth`, and the heading
  -- between it and the system prompt.
  summary_until_id uuid,
  summary_heading text,
  -- Whether to read the user's message for the dossier however the turn ends: its writer may have died by
  -- then.
  reads_question boolean not null default false,
  -- The head of the dossier's log when the turn began; null if the turn did not ask for the dossier.
  dossier_version bigint check (dossier_version >= 0),
  -- The assertions behind the dossier's text in the prompt.
  dossier_facts jsonb not null default '[]' check (jsonb_typeof(dossier_facts) = 'array'),
  -- Name and version of our prompt at the beginning of system_prompt, such as chat-1; null if the
  -- instructions are not ours.
  prompt text check (char_length(prompt) between 1 and 64),
  -- The reply was ended because its writer was silent. A writer that is alive after all may reopen it
  -- (reopen_generation.sql).
  ended_by_silence boolean not null default false,
  -- The call of begin_turn that made it, by which a caller that has given up withdraws it
  -- (withdraw_turn.sql).
  call_id uuid,
  -- The reply was ended for silence, that end was counted, and the reply was reopened.
  is_end_counted boolean not null default false,
  constraint generations_owner_id_stream_id_key unique (owner_id, stream_id),
  constraint generations_session_id_epoch_key unique (session_id, epoch),
  constraint generations_finish_once check ((status = 'streaming') = (finished_at is null)),
  constraint generations_continue_a_reply
    check ((action = 'continue') = (continued_from_id is not null)),
  constraint generations_keep_what_was_asked
    check (idempotency_key is null or request_hash is not null),
  constraint generations_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint generations_session_id_user_message_id_fkey foreign key (session_id, user_message_id)
    references public.messages (session_id, message_id) on delete cascade
);

comment on table public.generations is 'Runs of a model. Not readable over REST.';

-- The running generation of a session; its uniqueness prevents a second one.
create unique index generation_streaming_in_session on public.generations (session_id)
  where status = 'streaming';
-- The generations that answer a message, which are deleted with it.
create index generations_of_user_message on public.generations (session_id, user_message_id);
-- The generation that wrote, or writes, a message.
create unique index generation_of_reply on public.generations (message_id);
-- For finding the turn of a repeated request.
create unique index generations_by_idempotency_key
  on public.generations (owner_id, idempotency_key)
  where idempotency_key is not null;

create unique index generations_by_call on public.generations (call_id)
  where call_id is not null;

alter table public.generations enable row level security;

-- supabase/schemas/turn/generation_chunks.sql

-- The text of a running generation so far. Rows are added and never rewritten, because rewriting a growing
-- text costs many times the write-ahead log.
create table public.generation_chunks (
  generation_id uuid not null
    references public.generations (generation_id) on delete cascade,
  -- UTF-8 bytes of the reply before this chunk.
  from_offset integer not null check (from_offset >= 0),
  text text not null check (text <> ''),
  created_at timestamptz not null default now(),
  primary key (generation_id, from_offset)
);

comment on table public.generation_chunks is
  'Text of generations that still run; removed when the message is stored. Not readable over REST.';

alter table public.generation_chunks enable row level security;

-- supabase/schemas/turn/withdrawn_calls.sql

-- Calls of begin_turn that were withdrawn: one that has not begun its turn yet never will.
create table public.withdrawn_calls (
  call_id uuid primary key,
  created_at timestamptz not null default now()
);

comment on table public.withdrawn_calls is
  'Calls that must not begin a turn any more. Nobody''s, and not readable over REST.';

alter table public.withdrawn_calls enable row level security;

-- supabase/schemas/turn/turn_history.sql

-- The history for a turn's prompt, without the new text or the instruction: messages, the depth at which they
-- (or else the question) begin, and the summary, if there is one, of older messages that do not fit.
create type private.turn_history as (
  messages jsonb,
  from_depth integer,
  summary text,
  summary_until_id uuid
);

-- supabase/schemas/jobs/jobs.sql

-- Durable work: a job consists of steps, and a step's result is stored and never made again. A job's kind
-- defines what its steps do; nothing here knows a kind by name (has_job_hook.sql).
--
-- Locks are taken in the order project, session, job, step, dossier, queue (HACKING.md, "Locks").

create table public.jobs (
  job_id uuid primary key default gen_random_uuid(),
  kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,47}$'),
  owner_id uuid not null,
  -- The job's subject, a conversation or a project, with which it is deleted.
  session_id uuid,
  project_id uuid,
  subject_id uuid not null generated always as (coalesce(session_id, project_id)) stored,
  -- At most one job per subject, kind and key is open at a time: a request for another is merged into it.
  merge_key text check (char_length(merge_key) between 1 and 128),
  -- Serial: the steps are done one after another, and a step that has failed for good ends the job. Otherwise
  -- they are done in any order, and the job goes on without failed steps.
  is_serial boolean not null,
  -- Queued until one of its steps is claimed for the first time.
  status text not null default 'queued'
    check (status in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  -- The kind's parameters for all steps.
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  progress integer not null default 0 check (progress between 0 and 100),
  -- The current activity, shown to those who wait for the job.
  message text check (char_length(message) <= 500),
  error text check (char_length(error) <= 1000),
  -- How long the job is kept after its end; null: as long as its subject.
  kept_for interval,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (job_id, owner_id),
  constraint jobs_have_one_subject check (num_nonnulls(session_id, project_id) = 1),
  constraint jobs_finish_once
    check ((status in ('done', 'failed', 'cancelled')) = (finished_at is not null)),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

comment on table public.jobs is 'Work for the functions. Not readable over REST.';

create unique index job_open on public.jobs (subject_id, kind, merge_key)
  where status in ('queued', 'running', 'paused') and merge_key is not null;
-- A session's or a project's jobs, which are deleted with it.
create index jobs_of_session on public.jobs (session_id, kind, created_at);
create index jobs_of_project on public.jobs (project_id, kind, created_at);
-- An owner's open jobs, to count them.
create index jobs_open_of_owner on public.jobs (owner_id)
  where status in ('queued', 'running', 'paused');
create index jobs_finished on public.jobs (finished_at) where finished_at is not null;

alter table public.jobs enable row level security;

-- supabase/schemas/jobs/job_steps.sql

create table public.job_steps (
  job_id uuid not null,
  -- From 1 on.
  step integer not null check (step between 1 and 100000),
  owner_id uuid not null,
  kind text not null,
  -- Waiting: for the previous step, or until the job is resumed. Dropped: the job has ended without this
  -- step.
  status text not null default 'queued'
    check (status in ('waiting', 'queued', 'running', 'done', 'failed', 'dropped')),
  -- How often the step was claimed.
  attempts integer not null default 0 check (attempts >= 0),
  -- The current or last lease, and when it ends.
  lease_token uuid,
  leased_until timestamptz,
  -- When the step is due; while it is running, the end of its lease.
  run_after timestamptz not null default now(),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  result jsonb,
  -- The text that the step makes, saved while it grows (append_chunk), so that clients can follow and resume
  -- it like a turn's reply.
  generation_id uuid references public.generations (generation_id) on delete set null,
  error text check (char_length(error) <= 1000),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (job_id, step),
  constraint job_steps_finish_once
    check ((status in ('done', 'failed', 'dropped')) = (finished_at is not null)),
  constraint job_steps_run_with_a_lease
    check (status <> 'running' or (lease_token is not null and leased_until is not null)),
  foreign key (job_id, owner_id)
    references public.jobs (job_id, owner_id) on delete cascade on update cascade
);

comment on table public.job_steps is 'Units of work for the functions. Not readable over REST.';

-- An owner's open steps of a kind, the longest waiting first.
create index job_steps_due_of_owner on public.job_steps (owner_id, kind, run_after, job_id, step)
  where status in ('queued', 'running');
-- Whether any step is due.
create index job_steps_due on public.job_steps (run_after) where status in ('queued', 'running');
create index job_steps_of_generation on public.job_steps (generation_id);

alter table public.job_steps enable row level security;

-- supabase/schemas/jobs/job_queues.sql

-- The queue of owners, for each kind: who is served next. A row is a hint, which claim_step corrects: the
-- owner has no step that is due before next_due_at, and may have none that is due then.
create table public.job_queues (
  -- Without a foreign key: its check would lock the principal at the end of a turn, after the session,
  -- against the lock order. A trigger removes a principal's rows (delete_job_queues.sql).
  owner_id uuid not null,
  kind text not null,
  -- When a worker last claimed a step of this owner, of any kind; until then, when the row was made.
  served_at timestamptz not null,
  next_due_at timestamptz not null,
  primary key (owner_id, kind)
);

comment on table public.job_queues is 'Owners whose work waits. Not readable over REST.';

-- The owners of a kind, the longest waiting first.
create index job_queues_by_turn on public.job_queues (kind, served_at, next_due_at);

alter table public.job_queues enable row level security;

-- supabase/schemas/usage/model_calls.sql

-- The ledger: each request to a provider is a row, whatever its purpose and however it ended. Usage, plans
-- and metrics are read from it.

create table public.model_calls (
  model_call_id uuid primary key default gen_random_uuid(),
  -- Without a foreign key: its check would lock the principal at the end of a turn, after the session,
  -- against the lock order. A trigger removes a principal's rows (delete_model_calls.sql).
  owner_id uuid not null,
  -- The attempt that made the call: a turn's generation_id, or the lease token of a job's step. Together with
  -- the call's place in the attempt it is unique, so a call that is recorded twice is one row.
  source_id uuid not null,
  place integer not null check (place >= 1),
  -- A row outlives its conversation: deleting conversations does not reset anybody's usage.
  generation_id uuid references public.generations (generation_id) on delete set null,
  job_id uuid references public.jobs (job_id) on delete set null,
  step integer,
  -- The project that the call was for, which may be deleted.
  project_id uuid,
  -- The session's kind for a turn, the job's kind for a step.
  kind text not null check (char_length(kind) between 1 and 64),
  -- The round of a turn with tools, from 1 on.
  round integer not null default 1 check (round >= 1),
  -- Null if the worker died before it reported the call.
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  -- As the provider counts them; null if it reported none. Providers differ: with OpenAI input includes
  -- cached tokens and output includes reasoning; Anthropic's input excludes cached tokens, Gemini's output
  -- excludes reasoning.
  input_tokens integer check (input_tokens >= 0),
  cached_tokens integer check (cached_tokens >= 0),
  cache_write_tokens integer check (cache_write_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  reasoning_tokens integer check (reasoning_tokens >= 0),
  -- The provider reported no usage: output_tokens is estimated from the text's length.
  is_estimated boolean not null,
  -- The cost that the provider reported, in US dollars; null if it reported none.
  cost_usd numeric(18, 9) check (cost_usd >= 0),
  -- Interrupted: the isolate that made the call has died, or had to stop.
  status text not null
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  error_code text check (char_length(error_code) <= 64),
  started_at timestamptz,
  first_token_ms integer check (first_token_ms >= 0),
  latency_ms integer check (latency_ms >= 0),
  created_at timestamptz not null default now(),
  unique (source_id, place)
);

-- A principal's tokens since a given time, by an index-only scan.
create index model_calls_of_owner on public.model_calls (owner_id, created_at)
  include (input_tokens, output_tokens, kind);
create index model_calls_of_generation on public.model_calls (generation_id);
create index model_calls_of_job on public.model_calls (job_id);
-- For the deletion of old rows.
create index model_calls_by_age on public.model_calls (created_at);

alter table public.model_calls enable row level security;
create policy own_model_calls_are_readable on public.model_calls for select to authenticated
  using (owner_id = (select private.current_principal()));

-- supabase/schemas/usage/usage.sql

-- The usage of turns, from the ledger.
create view public.usage with (security_invoker = true) as
select model_call_id as usage_id, owner_id, generation_id, kind, provider, model, input_tokens,
  output_tokens, is_estimated, status, created_at
from public.model_calls
where kind in ('chat', 'relay', 'companion', 'realtime');

-- supabase/schemas/usage/rate_limits.sql

-- The state of each principal's rate limits.
create table public.rate_limits (
  owner_id uuid not null references public.principals (id) on delete cascade,
  action text not null check (char_length(action) between 1 and 64),
  -- When the whole allowance is available again.
  full_at timestamptz not null,
  primary key (owner_id, action)
);

comment on table public.rate_limits is
  'One timestamp for each principal and action. Not readable over REST.';

alter table public.rate_limits enable row level security;

-- supabase/schemas/summaries/session_summaries.sql

-- Summaries of conversations up to a message. The messages that lead to a message never change, so a
-- summary is valid for every path through it, whichever take is shown, until one of them is edited.
create table public.session_summaries (
  session_id uuid not null,
  until_message_id uuid not null,
  owner_id uuid not null,
  until_position integer not null check (until_position >= 1),
  summary text not null check (octet_length(summary) between 1 and 8192),
  -- Whether a summarised text has been edited since. A stale summary is not sent to models any more; it
  -- is kept as a record of what was sent.
  is_stale boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (session_id, until_message_id),
  constraint session_summaries_session_id_until_position_key unique (session_id, until_position),
  constraint session_summaries_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint session_summaries_session_id_until_message_id_fkey
    foreign key (session_id, until_message_id)
    references public.messages (session_id, message_id) on delete cascade
);

alter table public.session_summaries enable row level security;

create policy own_session_summaries_are_readable
  on public.session_summaries for select to authenticated
  using (owner_id = (select private.current_principal()));

-- supabase/schemas/dossier/dossiers.sql

-- A project's dossier: a log of assertions, which is the truth, and a snapshot of the log, which readers
-- see. The edge computes the snapshot; the database only stores it, with the position of the log that it
-- covers.
--
-- Its lock is taken after all others but the queues' (HACKING.md, "Locks"): a session's path that moves, and
-- a step's result that is stored, write to the dossier while the session is locked.
create table public.dossiers (
  project_id uuid primary key,
  owner_id uuid not null,
  -- The newest assertion's position, 0 before the first; new positions are counted from it.
  head bigint not null default 0 check (head >= 0),
  -- The position that the snapshot covers: the dossier's version.
  folded_to bigint not null default 0 check (folded_to >= 0),
  snapshot_json jsonb not null default '{
    "characters": [], "themes": [], "locations": [], "plot_points": [], "objects": [],
    "open_questions": []
  }',
  -- The snapshot's own title; if it is null, readers get the project's name.
  title text generated always as (
    case when jsonb_typeof(snapshot_json -> 'title') = 'string'
      then nullif(btrim(left(snapshot_json ->> 'title', 200)), '') end) stored,
  -- Because these columns are not null, no snapshot lacks a list. A check would read the whole
  -- snapshot whenever head changes; so would a trigger, which is why updated_at has none here.
  character_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'characters')) stored,
  theme_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'themes')) stored,
  location_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'locations')) stored,
  plot_point_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'plot_points')) stored,
  object_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'objects')) stored,
  open_question_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'open_questions')) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Entries up to this position have been removed, and this version is the empty dossier. Snapshots
  -- that were folded from removed entries are not stored.
  log_start bigint not null default 0,
  -- The snapshot's facts for prompts, made by the core: {text, fact_ids, lines: [{parts: [{text,
  -- facts: [[assertion_id, message_id | null]]}]}]}; {} if it made none. text consists of all lines,
  -- each "- " and its parts in order; a line without its first part is left out.
  facts_json jsonb not null default '{}' check (jsonb_typeof(facts_json) = 'object'),
  constraint dossiers_project_id_owner_id_key unique (project_id, owner_id),
  constraint snapshots_cover_what_is_there check (folded_to <= head),
  constraint logs_begin_before_they_end check (log_start between 0 and folded_to),
  constraint dossiers_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- A principal's dossiers, newest first.
create index dossiers_of_owner on public.dossiers (owner_id, updated_at desc, project_id);

alter table public.dossiers enable row level security;

create policy own_dossiers_are_readable on public.dossiers for select to authenticated
  using (owner_id = (select private.current_principal()));

-- supabase/schemas/dossier/dossier_assertions.sql

-- The log. Rows are added and never rewritten. An undo, another take, a person's decision: each is a
-- further entry, whose body names its subject.
create table public.dossier_assertions (
  project_id uuid not null,
  -- SHA-256 of the assertion, as hexadecimal digits, so that the same finding is stored once. The
  -- hash of a person's entry includes an operation id: A, B and A again are three entries.
  assertion_id text not null check (assertion_id ~ '^[0-9a-f]{64}$'),
  -- The entry's place in the log, from 1 without gaps.
  position bigint not null check (position >= 1),
  owner_id uuid not null,
  -- The entry's source: a model (extracted), a person who was asked about a model's finding
  -- (confirmed), or a person of their own accord (user). A `path` entry has no source: it names the
  -- messages that left the conversation's path and those that came back, when the path has moved.
  kind text not null check (kind in ('extracted', 'confirmed', 'user', 'path')),
  body jsonb not null check (jsonb_typeof(body) = 'object' and octet_length(body::text) <= 65536),
  -- The message in which it was found, one of this project's.
  message_id uuid references public.messages (message_id) on delete set null,
  created_at timestamptz not null default now(),
  -- Whether it is the last of the entries that were added together: its position is then a version of the
  -- dossier.
  is_version boolean not null default true,
  primary key (project_id, assertion_id),
  -- The log from a position on.
  constraint dossier_assertions_project_id_position_key unique (project_id, position),
  constraint dossier_assertions_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.dossiers (project_id, owner_id) on delete cascade on update cascade
);

-- The assertions that were found in a message.
create index dossier_assertions_of_message on public.dossier_assertions (message_id);
-- The versions of a dossier, newest first.
create index dossier_versions on public.dossier_assertions (project_id, position) where is_version;

alter table public.dossier_assertions enable row level security;

create policy own_dossier_assertions_are_readable
  on public.dossier_assertions for select to authenticated
  using (owner_id = (select private.current_principal()));

-- supabase/schemas/dossier/message_extractions.sql

-- How far each message has been read for the dossier. A job reads a conversation until no unread text is
-- left; because progress is stored here, the work survives its worker's death, and no part of a message
-- is read twice.
create table public.message_extractions (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  -- UTF-8 bytes of the message's text, from its beginning, that have been read.
  read_bytes integer not null default 0 check (read_bytes >= 0),
  is_done boolean not null default false,
  -- How often reading it has failed for good.
  failures integer not null default 0 check (failures >= 0),
  created_at timestamptz not null default now(),
  primary key (session_id, message_id),
  constraint message_extractions_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint message_extractions_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

comment on table public.message_extractions is
  'How far messages have been read for their dossier. Not readable over REST.';

-- The messages of a session that have unread text.
create index message_extractions_open on public.message_extractions (session_id)
  where not is_done;

alter table public.message_extractions enable row level security;

-- supabase/schemas/metrics/turn_ends.sql

-- The deployment's metrics for its operator. Ends of turns are rows until the metrics are read; then they are
-- added to totals, so that reading costs only what has happened since, totals never decrease when people
-- delete their data, and turns do not contend for a row.
create table public.turn_ends (
  turn_end_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  saves integer not null,
  first_token_ms integer,
  latency_ms integer,
  -- The generation that has ended, needed as long as the end may be removed again.
  generation_id uuid references public.generations (generation_id) on delete set null,
  -- The difference of a turn whose end was counted already.
  is_addition boolean not null default false
);

comment on table public.turn_ends is
  'Ends of turns that no total has yet. Nobody''s, and not readable over REST.';

-- For removing a counted end, and for a generation's deletion.
create index turn_ends_generation on public.turn_ends (generation_id);

alter table public.turn_ends enable row level security;

create table public.turn_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  turns bigint not null,
  saves bigint not null,
  primary key (kind, provider, model, status)
);

alter table public.turn_totals enable row level security;

create table public.duration_totals (
  measure text not null check (measure in ('first_token', 'latency')),
  kind text not null,
  -- How many of private.duration_bounds_ms are below the durations that are counted here.
  bucket integer not null check (bucket >= 0),
  durations bigint not null,
  sum_ms bigint not null,
  primary key (measure, kind, bucket)
);

alter table public.duration_totals enable row level security;

-- supabase/schemas/metrics/model_call_totals.sql

-- Totals of the ledger for the deployment's metrics: changes are rows until the metrics are read, like ends
-- of turns (public.turn_ends), so that totals never decrease when people delete their data.

create table public.model_call_changes (
  model_call_change_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  -- For a call that is recorded again, the difference.
  calls integer not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null
);

create table public.model_call_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  calls bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null,
  primary key (kind, provider, model, status)
);

alter table public.model_call_changes enable row level security;
alter table public.model_call_totals enable row level security;
comment on table public.model_call_changes is
  'Calls that no total has yet. Nobody''s, and not readable over REST.';

-- supabase/schemas/metrics/metrics_cache.sql

create table public.metrics_cache (
  is_the_only_row boolean primary key default true check (is_the_only_row),
  made_at timestamptz not null,
  -- Null until the metrics are read for the first time.
  text text
);

alter table public.metrics_cache enable row level security;

insert into public.metrics_cache (made_at) values ('-infinity');

-- supabase/schemas/identity/act_as.sql

-- Until the transaction ends, or the caller sets the role again: acts with the rights of this
-- principal, so that row level security decides what is there.
create function private.act_as(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  claims jsonb;
begin
  select jsonb_build_object(
    'role', 'authenticated',
    'iss', principal.issuer,
    'sub', case principal.kind when 'external' then principal.subject else principal.id::text end)
  into claims
  from public.principals principal
  where principal.id = principal_id;
  perform set_config('request.jwt.claims', claims::text, true);
  perform set_config('request.jwt.claim.sub', claims ->> 'sub', true);
  perform set_config('role', 'authenticated', true);
end
$$;

revoke all on function private.act_as(uuid) from public, anon, authenticated, service_role;
grant execute on function private.act_as(uuid) to service_role;

-- supabase/schemas/identity/delete_account.sql

-- Deletes an account with all of the principal's data. A token that is still valid does not bring the
-- account back.

-- Deletes a user of Supabase Auth, who then can neither sign in nor refresh a token. Does nothing
-- without Supabase Auth. Security definer: the tables belong to Auth, and only the owner of the
-- migrations may write to them.
create function private.delete_auth_user(deleted_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  related regclass;
begin
  if to_regclass('auth.users') is null then
    return;
  end if;
  delete from auth.users where id = deleted_user_id;
  -- Rows without a foreign key: codes of unfinished sign-ins, and old refresh tokens.
  for related in
    select attribute.attrelid::regclass
    from pg_attribute attribute
    join pg_class class on class.oid = attribute.attrelid
    where class.relnamespace = 'auth'::regnamespace and class.relkind in ('r', 'p')
      and attribute.attname = 'user_id' and not attribute.attisdropped
      and has_table_privilege(class.oid, 'select') and has_table_privilege(class.oid, 'delete')
  loop
    execute format('delete from %s where user_id = %L', related, deleted_user_id);
  end loop;
  -- Auth's own log names people by id and address.
  if to_regclass('auth.audit_log_entries') is not null
    and has_table_privilege('auth.audit_log_entries', 'select')
    and has_table_privilege('auth.audit_log_entries', 'delete')
  then
    delete from auth.audit_log_entries
    where strpos(payload::text, deleted_user_id::text) > 0;
  end if;
end
$$;

-- Deletes the caller and all of their data: {principal}. Answers the same if that has already happened.
create function public.delete_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  caller jsonb := request -> 'principal';
  principal_id uuid := (private.find_principal(caller)).id;
  -- The caller, if a user, and Supabase's anonymous users that were moved to this account.
  auth_user_ids uuid[];
begin
  -- A user without a row here may still want the account at Supabase Auth to be deleted.
  if principal_id is null and not private.is_deleted(caller) then
    principal_id := private.resolve_principal(caller);
  end if;
  if private.lock_belongings(principal_id) then
    perform private.require_current(principal)
    from public.principals principal
    where principal.id = principal_id;

    select array_agg(id) into auth_user_ids
    from public.principals
    where kind = 'user' and (id = principal_id or migrated_to = principal_id);
    insert into public.deleted_accounts (identity_hash)
    select private.identity_hash(caller)
    union
    select private.identity_hash(jsonb_build_object('kind', 'user', 'subject', user_id))
    from unnest(auth_user_ids) user_id
    on conflict (identity_hash) do update set deleted_at = excluded.deleted_at;
    perform private.delete_auth_user(user_id) from unnest(auth_user_ids) user_id;
    delete from public.principals where id = principal_id;
  end if;
  return private.answer(jsonb_build_object(
    'message', 'Your account and everything in it has been deleted.'));
end
$$;

revoke all on function
  private.delete_auth_user(uuid),
  public.delete_account(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.delete_auth_user(uuid),
  public.delete_account(jsonb)
to service_role;

-- supabase/schemas/identity/delete_expired_guests.sql

-- Removes guests whose time is over, with all that is theirs, and what is kept of moved guests and
-- of deleted accounts: {limit?}, of guests in one call; returns {deleted}, of those. Background
-- work calls it, for nobody.
create function public.delete_expired_guests(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds locks; a call an hour removes 12,000 a day.
  default_limit constant integer := 500;
  max_limit constant integer := 10000;
  silence_limit constant interval := '60 seconds';
  -- An anonymous user's principal has no expiry of its own.
  moved_user_lifetime constant interval := '30 days';
  -- The longest that a token of Supabase Auth can be valid.
  longest_token_life constant interval := '7 days';
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= clock_timestamp()
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > clock_timestamp() - silence_limit)
    order by expires_at
    limit guests_left
    for no key update skip locked
  loop
    perform private.lock_belongings(guest_id);
    delete from public.principals where id = guest_id;
    deleted := deleted + 1;
  end loop;

  delete from public.principals
  where migrated_to is not null and kind = 'user'
    and last_seen_at < clock_timestamp() - moved_user_lifetime;
  delete from public.deleted_accounts
  where deleted_at < clock_timestamp() - longest_token_life;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_expired_guests(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.delete_expired_guests(jsonb) to service_role;

-- Hourly, where the database has a clock of its own. The development server has a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-delete-expired-guests', '23 * * * *',
      $job$select public.delete_expired_guests('{}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'expired guests are not deleted by pg_cron: %', sqlerrm;
end
$$;

-- supabase/schemas/identity/find_principal.sql

-- The principal, who may have moved; a row of nulls when there is none. Takes what
-- private.resolve_principal takes.
create function private.find_principal(caller jsonb) returns public.principals
language plpgsql stable set search_path = '' as $$
declare
  principal public.principals;
begin
  case caller ->> 'kind'
    when 'user' then
      select * into principal from public.principals
      where id = private.read_id(caller, 'subject') and kind = 'user';
    when 'external' then
      select * into principal from public.principals
      where issuer = caller ->> 'issuer' and subject = caller ->> 'subject' and kind = 'external';
    when 'new_guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash';
    when 'guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash' and expires_at > clock_timestamp();
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest or new_guest.');
  end case;
  return principal;
end
$$;

-- Refuses principals that are not there, and guests who have moved.
create function private.require_current(principal public.principals) returns void
language plpgsql set search_path = '' as $$
begin
  if principal.id is null then
    perform private.refuse(401, 'invalid_token',
      'This token is unknown or has expired: sign in again, or go on without it as a new guest.');
  end if;
  if principal.migrated_to is not null then
    perform private.refuse(401, 'invalid_token',
      'This guest has moved to an account: sign in to that account.');
  end if;
end
$$;

revoke all on function
  private.find_principal(jsonb),
  private.require_current(public.principals)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_principal(jsonb),
  private.require_current(public.principals)
to service_role;

-- supabase/schemas/identity/identity_hash.sql

-- SHA-256 of who a caller is, as hexadecimal digits. A Supabase user is known by the id alone,
-- because the address of the issuer may change.
create function private.identity_hash(caller jsonb) returns text
language sql immutable parallel safe
return pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
  case caller ->> 'kind'
    when 'user' then pg_catalog.jsonb_build_array('user', pg_catalog.lower(caller ->> 'subject'))
    when 'external' then
      pg_catalog.jsonb_build_array('external', caller ->> 'issuer', caller ->> 'subject')
    else pg_catalog.jsonb_build_array('guest', caller ->> 'token_hash')
  end::text, 'UTF8')), 'hex');

-- Whether the account has been deleted after the caller's token was made. Users of another issuer
-- keep their identity there, and may begin anew with a new token (its `issued_at`, in seconds).
create function private.is_deleted(caller jsonb) returns boolean
language sql stable
return exists (
  select from public.deleted_accounts
  where identity_hash = private.identity_hash(caller)
    and pg_catalog.date_trunc('second', deleted_at) >= coalesce(
      pg_catalog.to_timestamp((caller ->> 'issued_at')::double precision), '-infinity'));

revoke all on function
  private.identity_hash(jsonb),
  private.is_deleted(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.identity_hash(jsonb),
  private.is_deleted(jsonb)
to service_role;

-- supabase/schemas/identity/lock_belongings.sql

-- Waits until nobody works on what is the principal's, and keeps others away until the transaction
-- ends; false when there is no such principal. Without it, cascades would take the rows in an order
-- of their own, and wait for others crosswise. Foreign keys' checks go on meanwhile (HACKING.md, "Locks").
create function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  return true;
end
$$;

revoke all on function private.lock_belongings(uuid) from public, anon, authenticated, service_role;
grant execute on function private.lock_belongings(uuid) to service_role;

-- supabase/schemas/identity/migrate_guest.sql

-- The answer about a guest who is not known, which is no fault of the account's token.
create function private.refuse_unknown_guest() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(403, 'forbidden',
    'The guest of guest_token is not known here, or no longer: there is nothing to move.');
end
$$;

-- Gives everything of a guest to an account: {principal, guest, body: {temp_user_id,
-- permanent_user_id}}. The edge has proven both; guest is {"kind": "guest", "token_hash"} or an
-- anonymous Supabase user, {"kind": "user", "issuer", "subject"}. Answers {message, already,
-- user_id, migrated}; calling again changes nothing and says `already`. Whatever is wrong with the
-- guest is 403: 401 would say that the account's own token does not count.
create function public.migrate_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  account_id uuid := private.resolve_principal(request -> 'principal');
  guest jsonb := request -> 'guest';
  guest_id uuid;
  principal public.principals;
  is_moved boolean;
  moved jsonb := '{"projects": 0, "sessions": 0, "messages": 0, "dossiers": 0}';
begin
  if request -> 'principal' ->> 'kind' not in ('user', 'external') then
    perform private.refuse(403, 'forbidden',
      'A guest cannot take over a guest: sign in, and send that token as the bearer.');
  end if;
  if guest ->> 'kind' is null or guest ->> 'kind' not in ('guest', 'user') then
    perform private.refuse(422, 'invalid_request', 'guest.kind must be guest or user.');
  end if;
  guest_id := (private.find_principal(guest)).id;
  if guest_id is null and guest ->> 'kind' = 'user' and not private.is_deleted(guest) then
    -- An anonymous user who has done nothing here has nothing to move, which is no fault.
    guest_id := private.resolve_principal(guest);
  end if;
  if guest_id is null then
    perform private.refuse_unknown_guest();
  end if;
  if private.read_id(request -> 'body', 'permanent_user_id') is distinct from account_id then
    perform private.refuse(403, 'forbidden',
      'permanent_user_id must be the id of the account whose token is sent.');
  end if;
  if private.read_id(request -> 'body', 'temp_user_id') is distinct from guest_id then
    perform private.refuse(403, 'forbidden',
      'temp_user_id must be the id of the guest whose token is sent.');
  end if;

  if guest_id <> account_id then
    -- Both, so that neither can go away, and migrations to one account come one after the other.
    perform from public.principals where id in (guest_id, account_id)
    order by id
    for no key update;
    select * into principal from public.principals where id = account_id;
    perform private.require_current(principal);
    select * into principal from public.principals where id = guest_id;
    if not found then
      perform private.refuse_unknown_guest();
    end if;
    if principal.migrated_to <> account_id then
      perform private.refuse(403, 'forbidden',
        'This guest has moved to another account: sign in to that one.');
    end if;
    is_moved := principal.migrated_to is not null;
    if not is_moved then
      moved := private.move_belongings(guest_id, account_id);
      update public.principals
      set migrated_to = account_id, last_seen_at = clock_timestamp()
      where id = guest_id;
    end if;
  end if;

  return private.answer(jsonb_build_object(
    'message', case
      when is_moved is false then 'Everything of the guest belongs to the account now.'
      else 'Everything of the guest belongs to the account already.'
    end,
    'already', is_moved is distinct from false,
    'user_id', account_id,
    'migrated', moved));
end
$$;

revoke all on function
  private.refuse_unknown_guest(),
  public.migrate_guest(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_unknown_guest(),
  public.migrate_guest(jsonb)
to service_role;

-- supabase/schemas/identity/move_belongings.sql

-- A name that nobody has: 91 characters of the given one, and 37 that make it unique.
create function private.rename(name text) returns text
language sql volatile parallel safe
return pg_catalog.left(name, 91) || '-' || pg_catalog.gen_random_uuid();

-- Gives new names to what the guest has named as the account has named something else. Of conversations
-- only those that are not deleted have names that can clash.
create function private.rename_clashes(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  renamed record;
begin
  update public.sessions ours
  set external_id = private.rename(ours.external_id)
  where ours.owner_id = guest_id and ours.is_active and exists (
    select from public.sessions theirs
    where theirs.owner_id = account_id and theirs.is_active
      and theirs.kind = ours.kind and theirs.external_id = ours.external_id);

  update public.generations ours
  set idempotency_key = private.rename(ours.idempotency_key)
  where ours.owner_id = guest_id and exists (
    select from public.generations theirs
    where theirs.owner_id = account_id and theirs.idempotency_key = ours.idempotency_key);

  for renamed in
    update public.generations ours
    set stream_id = private.rename(ours.stream_id)
    where ours.owner_id = guest_id and exists (
      select from public.generations theirs
      where theirs.owner_id = account_id and theirs.stream_id = ours.stream_id)
    returning ours.message_id, ours.stream_id
  loop
    update public.messages
    set metadata = jsonb_set(metadata, '{stream_id}', to_jsonb(renamed.stream_id))
    where message_id = renamed.message_id;
  end loop;
end
$$;

-- Gives everything of the guest to the account; counts it as {projects, sessions, messages,
-- dossiers}. The caller has locked both principals.
create function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

revoke all on function
  private.rename(text),
  private.rename_clashes(uuid, uuid),
  private.move_belongings(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.rename(text),
  private.rename_clashes(uuid, uuid),
  private.move_belongings(uuid, uuid)
to service_role;

-- supabase/schemas/identity/profile_body.sql

-- A principal's profile as callers see it. Fields that were never saved are null.
create function private.profile_of(principal_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal public.principals;
  profile public.profiles;
begin
  select * into principal from public.principals where id = principal_id;
  perform private.act_as(principal_id);
  select * into profile from public.profiles where owner_id = principal_id;
  perform set_config('role', own_role, true);
  return jsonb_build_object(
    'user_id', principal_id,
    'kind', principal.kind,
    'email', profile.email,
    'display_name', profile.display_name,
    'avatar_url', profile.avatar_url,
    'created_at', private.iso(profile.created_at),
    'updated_at', private.iso(profile.updated_at));
end
$$;

-- Grows with every change of the profile; 0 before the first.
create function private.profile_etag(principal_id uuid) returns text
language sql stable
return coalesce((
  select (extract(epoch from updated_at) * 1000000)::bigint
  from public.profiles where owner_id = principal_id), 0)::text;

-- The text under this key, without spaces around it; null when it is absent or null.
create function private.read_profile_text(
  body jsonb, key text, max_characters integer, pattern text, rule text
) returns text
language plpgsql set search_path = '' as $$
declare
  value text := btrim(body ->> key);
begin
  if value is not null and (
    jsonb_typeof(body -> key) <> 'string' or char_length(value) not between 1 and max_characters
    or value !~ pattern)
  then
    perform private.refuse(422, 'invalid_request',
      format('%s must be %s, or null to remove it.', key, rule));
  end if;
  return value;
end
$$;

revoke all on function
  private.profile_of(uuid),
  private.profile_etag(uuid),
  private.read_profile_text(jsonb, text, integer, text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.profile_of(uuid),
  private.profile_etag(uuid),
  private.read_profile_text(jsonb, text, integer, text, text)
to service_role;

-- supabase/schemas/identity/read_profile.sql

-- The caller's profile: {principal}.
create function public.read_profile(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(
    private.profile_of(principal_id), etag => private.profile_etag(principal_id));
end
$$;

revoke all on function public.read_profile(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_profile(jsonb) to service_role;

-- supabase/schemas/identity/resolve_principal.sql

-- The principal's id; a user or a guest who is new is stored first. Takes one of
--   {"kind": "user", "issuer", "subject"}
--   {"kind": "external", "issuer", "subject", "issued_at" of the token in seconds, if it says so}
--   {"kind": "guest" | "new_guest", "token_hash"}
-- Holds a guest until the transaction ends, so that migrate_guest takes along what it does.
create function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + guest_lifetime
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse(401, 'invalid_token',
        'This account has been deleted: sign up again, or go on without it as a new guest.');
    end if;
    principal := private.find_principal(caller);
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

revoke all on function private.resolve_principal(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.resolve_principal(jsonb) to service_role;

-- supabase/schemas/identity/save_profile.sql

-- Makes or changes the caller's profile: {principal, body: {user_id?, email?, display_name?,
-- avatar_url?}}. What is absent stays; null removes.
create function public.save_profile(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body jsonb := coalesce(request -> 'body', '{}');
  new_email text;
  new_display_name text;
  new_avatar_url text;
  is_new boolean;
begin
  if jsonb_typeof(body) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'The body must be an object.');
  end if;
  if private.read_id(body, 'user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'user_id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  new_email := private.read_profile_text(body, 'email', 320, '^[^@[:space:]]+@[^@[:space:]]+$',
    'an address with an @ of at most 320 characters');
  new_display_name := private.read_profile_text(body, 'display_name', 200, '',
    'text of 1 to 200 characters');
  new_avatar_url := private.read_profile_text(body, 'avatar_url', 2048, '^https?://[^[:space:]]+$',
    'an http or https URL of at most 2048 characters');

  insert into public.profiles (owner_id) values (principal_id) on conflict do nothing;
  is_new := found;
  update public.profiles
  set email = case when body ? 'email' then new_email else email end,
      display_name = case when body ? 'display_name' then new_display_name else display_name end,
      avatar_url = case when body ? 'avatar_url' then new_avatar_url else avatar_url end,
      updated_at = case when is_new then updated_at else clock_timestamp() end
  where owner_id = principal_id;
  return private.answer(
    private.profile_of(principal_id),
    case when is_new then 201 else 200 end,
    private.profile_etag(principal_id));
end
$$;

revoke all on function public.save_profile(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.save_profile(jsonb) to service_role;

-- supabase/schemas/projects/create_project.sql

-- A new project with its empty dossier: {principal, body: {name, is_favourite, phase, status}}, of
-- which only the name must be there.
create function public.create_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := '{"name": null}' || coalesce(request -> 'body', '{}');
  principal_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.check_project(body);
  insert into public.projects (owner_id, name, is_favourite, phase, status)
  values (
    principal_id, btrim(body ->> 'name'), coalesce((body ->> 'is_favourite')::boolean, false),
    coalesce(body ->> 'phase', 'setup'), coalesce(body ->> 'status', 'active'))
  returning * into project;
  return private.answer(
    private.describe_project(project), 201, private.version_of(project.updated_at));
end
$$;

revoke all on function public.create_project(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_project(jsonb) to service_role;

-- supabase/schemas/projects/delete_project.sql

-- Locks a project's sessions, open jobs and dossier, in the common order of locks.
create function private.lock_project_contents(wanted_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.sessions where project_id = wanted_id order by session_id for no key update;
  -- Only steps of open jobs can be claimed, which is done without the session's lock.
  perform from public.jobs
  where (project_id = wanted_id or session_id = any (array(
      select session_id from public.sessions where project_id = wanted_id)))
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where project_id = wanted_id for no key update;
end
$$;

-- Deletes a project with its dossier and its sessions: {principal, project_id, if_match}. Locks them first,
-- in the order of locks, because a cascade has no defined order.
create function public.delete_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.lock_project_contents(project.project_id);
  delete from public.projects where project_id = project.project_id;
  return private.answer(
    '{"message": "The project is deleted, with its dossier and its sessions."}');
end
$$;

revoke all on function
  private.lock_project_contents(uuid),
  public.delete_project(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.lock_project_contents(uuid),
  public.delete_project(jsonb)
to service_role;

-- supabase/schemas/projects/list_projects.sql

-- The principal's projects: {principal, query: {limit, offset, status, phase, is_favourite, order:
-- updated_at | created_at | name, direction: asc | desc}}. Newest first, names from A on.
create function public.list_projects(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  sort_column constant text := coalesce(query ->> 'order', 'updated_at');
  sort_direction constant text := coalesce(
    query ->> 'direction', case sort_column when 'name' then 'asc' else 'desc' end);
  principal_id uuid;
  conditions text := 'owner_id = $1';
  projects public.projects[];
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  if sort_column not in ('updated_at', 'created_at', 'name')
      or sort_direction not in ('asc', 'desc') then
    perform private.refuse(422, 'invalid_request',
      'order must be updated_at, created_at or name, and direction asc or desc.');
  end if;
  if query ->> 'status' is not null then
    conditions := conditions || ' and status = $2';
  end if;
  if query ->> 'phase' is not null then
    conditions := conditions || ' and phase = $3';
  end if;
  if query ->> 'is_favourite' is not null then
    conditions := conditions || ' and is_favourite = $4';
  end if;

  perform private.act_as(principal_id);
  -- Ids decide between equals, so that pages neither repeat nor skip.
  execute format($sql$
    select
      (select count(*) from public.projects where %1$s),
      array(
        select project from public.projects project
        where %1$s
        order by %2$I %3$s, project_id
        limit $5 offset $6)
    $sql$, conditions, sort_column, sort_direction)
  into total, projects
  using principal_id, query ->> 'status', query ->> 'phase',
    (query ->> 'is_favourite')::boolean, row_count, first_row;
  perform set_config('role', own_role, true);

  return private.answer_page(
    (select jsonb_agg(private.describe_project(projects[place]) order by place)
     from generate_subscripts(projects, 1) as place),
    first_row, total);
end
$$;

revoke all on function public.list_projects(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_projects(jsonb) to service_role;

-- supabase/schemas/projects/open_project.sql

-- The project, locked until the transaction ends, if the principal may change it.
create function private.open_project(principal_id uuid, wanted_id uuid) returns public.projects
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  is_visible boolean;
  opened public.projects;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.projects where project_id = wanted_id);
  perform set_config('role', own_role, true);
  select * into opened from public.projects
  where project_id = wanted_id and owner_id = principal_id and is_visible
  for no key update;
  if not found then
    perform private.refuse_project();
  end if;
  return opened;
end
$$;

revoke all on function private.open_project(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.open_project(uuid, uuid) to service_role;

-- supabase/schemas/projects/project_body.sql

-- A project as callers see it.
create function private.describe_project(project public.projects) returns jsonb
language sql stable
return jsonb_build_object(
  'project_id', project.project_id,
  'user_id', project.owner_id,
  'name', project.name,
  'is_favourite', project.is_favourite,
  'phase', project.phase,
  'status', project.status,
  'session_count', (
    select count(*) from public.sessions
    where project_id = project.project_id and owner_id = project.owner_id and is_active),
  'created_at', private.iso(project.created_at),
  'updated_at', private.iso(project.updated_at));

-- Refuses members of a project that could not be stored. Those that are absent are fine.
create function private.check_project(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'is_favourite' and jsonb_typeof(body -> 'is_favourite') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_favourite must be true or false.');
  end if;
  if body ? 'phase' and (body ->> 'phase') in (
      'setup', 'premise', 'outline', 'writing', 'export') is not true then
    perform private.refuse(422, 'invalid_request',
      'phase must be setup, premise, outline, writing or export.');
  end if;
  if body ? 'status' and (body ->> 'status') in ('active', 'completed', 'archived') is not true then
    perform private.refuse(422, 'invalid_request',
      'status must be active, completed or archived.');
  end if;
end
$$;

-- The answer of functions about a project that is not there, or is another's.
create function private.refuse_project() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such project: list the projects to see which there are.');
end
$$;

revoke all on function
  private.describe_project(public.projects),
  private.check_project(jsonb),
  private.refuse_project()
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_project(public.projects),
  private.check_project(jsonb),
  private.refuse_project()
to service_role;

-- supabase/schemas/projects/read_project.sql

-- One of the principal's projects: {principal, project_id}.
create function public.read_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'project_id');
  perform private.act_as(principal_id);
  select * into project from public.projects where project_id = wanted_id;
  perform set_config('role', own_role, true);
  if project.project_id is null then
    perform private.refuse_project();
  end if;
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

revoke all on function public.read_project(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_project(jsonb) to service_role;

-- supabase/schemas/projects/update_project.sql

-- Changes what body has: {principal, project_id, if_match, body: {name, is_favourite, phase,
-- status}}.
create function public.update_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(request -> 'body', '{}');
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.check_project(body);
  update public.projects
  set name = coalesce(btrim(body ->> 'name'), name),
      is_favourite = coalesce((body ->> 'is_favourite')::boolean, is_favourite),
      phase = coalesce(body ->> 'phase', phase),
      status = coalesce(body ->> 'status', status)
  where project_id = project.project_id
  returning * into project;
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

revoke all on function public.update_project(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.update_project(jsonb) to service_role;

-- supabase/schemas/conversation/delete_session.sql

-- Deletes a session: {principal, session_id, if_match}. A reply that is being written in it is
-- asked to stop, because nobody will read it.
create function public.delete_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(session.updated_at));
  update public.sessions set is_active = false where session_id = session.session_id;
  update public.generations set cancel_requested = true
  where session_id = session.session_id and status = 'streaming';
  return private.answer('{"message": "The session is deleted."}');
end
$$;

revoke all on function public.delete_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_session(jsonb) to service_role;

-- supabase/schemas/conversation/delete_sessions.sql

-- Deletes all of the principal's sessions, as delete_session does: {principal}.
create function public.delete_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid;
  session_ids uuid[];
begin
  principal_id := private.resolve_principal(request -> 'principal');
  -- In one order everywhere, so that two such calls do not wait for each other in a circle.
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions
    where owner_id = principal_id and is_active
    order by session_id
    for no key update
  ) locked;
  update public.sessions set is_active = false where session_id = any (session_ids);
  update public.generations set cancel_requested = true
  where session_id = any (session_ids) and status = 'streaming';
  return private.answer(jsonb_build_object(
    'message', 'All sessions are deleted.', 'deleted', cardinality(session_ids)));
end
$$;

revoke all on function public.delete_sessions(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_sessions(jsonb) to service_role;

-- supabase/schemas/conversation/edit_reply.sql

-- Replaces the text of a reply: {principal, message_id, body: {content}, if_match}; the body is the
-- message. The old text stays a revision, and what models have been sent stays as it was.
create function public.edit_reply(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_content_bytes constant integer := 4194304;
  content_given jsonb := request -> 'body' -> 'content';
  new_content text := request -> 'body' ->> 'content';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  message public.messages;
  take_number bigint;
  take_count bigint;
begin
  if jsonb_typeof(content_given) is distinct from 'string'
    or octet_length(new_content) not between 1 and max_content_bytes then
    perform private.refuse(422, 'invalid_request',
      format('content must be a text of 1 to %s bytes.', max_content_bytes));
  end if;
  message := private.open_message(principal_id, private.read_id(request, 'message_id'));
  if message.role <> 'assistant' then
    perform private.refuse(422, 'invalid_request',
      'Only the text of a reply can be changed: to say something else, send it as an edit.');
  end if;
  -- It was ended for silence, and its writer has gone on.
  if exists (
    select from public.generations
    where message_id = message.message_id and status = 'streaming')
  then
    perform private.refuse(409, 'turn_in_progress',
      'This reply is still being written: wait until it ends, or cancel it.', '2');
  end if;
  if request ->> 'if_match' <> message.revision::text then
    perform private.refuse(412, 'precondition_failed',
      'This reply has been changed since it was read: read it again, then decide.');
  end if;

  if message.content <> new_content then
    insert into public.message_revisions (
      session_id, message_id, owner_id, revision, content, last_epoch, replaced_at)
    select session.session_id, message.message_id, session.owner_id, message.revision,
      message.content, session.last_epoch, clock_timestamp()
    from public.sessions session
    where session.session_id = message.session_id;
    update public.messages
    set content = new_content,
        revision = revision + 1,
        metadata = metadata || '{"is_edited": true}'
    where message_id = message.message_id
    returning * into message;
  end if;

  select count(*) filter (where take.position <= message.position), count(*)
  into take_number, take_count
  from private.takes_of(message) take;
  return private.answer(
    private.message_body(message, take_number, take_count), etag => message.revision::text);
end
$$;

revoke all on function public.edit_reply(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.edit_reply(jsonb) to service_role;

-- supabase/schemas/conversation/hold_project.sql

-- A session that begins waits for whoever deletes its project, before it locks anything else: the foreign key's
-- check alone would let it lock the dossier first.
create function private.hold_project() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform from public.projects where project_id = new.project_id for share;
  if not found then
    perform private.refuse_project();
  end if;
  return new;
end
$$;

revoke all on function private.hold_project() from public, anon, authenticated, service_role;

-- After hold_owner, by its name.
create trigger hold_project before insert on public.sessions
  for each row when (new.project_id is not null) execute function private.hold_project();

-- supabase/schemas/conversation/list_messages.sql

-- Messages on the path to the session's active leaf: {principal, session_id, query: {limit, offset,
-- order}}. Without an order the offset counts from the newest message, and the page that it leads
-- to is in the order of the conversation; `desc` is the same page, newest first; with `asc` the
-- offset counts from the first message.
--
-- Where a message's position is its depth, nothing beside the path came before it, so that the path
-- from the first message to there is found by position. Above that it is walked, from the leaf to
-- the page: what a page costs grows with its distance from the leaf if there are other takes before
-- it, and not otherwise.
create function public.list_messages(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
  sort_order constant text := query ->> 'order';
  principal_id uuid;
  wanted_id uuid;
  leaf_id uuid;
  total integer;
  min_depth integer;
  max_depth integer;
  max_position integer;
  walked_ids uuid[];
  page jsonb;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'session_id');
  if sort_order not in ('asc', 'desc') then
    perform private.refuse(422, 'invalid_request', 'order must be asc or desc.');
  end if;

  perform private.act_as(principal_id);
  select active_leaf_id,
    coalesce((select depth from public.messages where message_id = active_leaf_id), 0)
  into leaf_id, total
  from public.sessions
  where session_id = wanted_id and is_active;
  if total is null then
    perform set_config('role', own_role, true);
    perform private.refuse_session();
  end if;

  if first_row >= total then
    perform set_config('role', own_role, true);
    return private.answer_page('[]', first_row, total);
  end if;
  if sort_order = 'asc' then
    min_depth := first_row + 1;
    max_depth := least(first_row + row_count, total);
  else
    max_depth := total - first_row;
    min_depth := greatest(max_depth - row_count + 1, 1);
  end if;

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = leaf_id
    union all
    select parent.*
    from walked child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select message_id, parent_id, depth, position
      from public.messages
      where message_id = child.parent_id
      limit 1
    ) parent
    where child.depth > min_depth and child.position <> child.depth
  )
  select
    array_agg(message_id) filter (where depth <= max_depth and position <> depth),
    least(max_depth, coalesce(max(depth) filter (where position = depth), 0))
  into walked_ids, max_position
  from walked;

  -- In a statement of its own, which has the last position as a value and not as a query.
  select jsonb_agg(
    private.message_body(message, take.number, take.count)
    order by case sort_order when 'desc' then -message.depth else message.depth end)
  into page
  from (
    select unnest(walked_ids) as message_id
    union all
    select message_id from public.messages
    where session_id = wanted_id and owner_id = principal_id
      and position between min_depth and max_position
  ) listed
  cross join lateral (
    select whole as message, whole.* from public.messages whole
    where whole.message_id = listed.message_id
    limit 1
  ) message
  cross join lateral (
    select count(*) filter (where sibling.position <= message.position) as number,
      count(*) as count
    from (
      select role, position from public.messages
      where session_id = message.session_id and parent_id = message.parent_id
      union all
      select role, position from public.messages
      where message.parent_id is null and session_id = message.session_id and parent_id is null
    ) sibling
    where sibling.role = message.role
  ) take;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_messages(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_messages(jsonb) to service_role;

-- supabase/schemas/conversation/list_sessions.sql

-- The principal's active sessions, newest first: {principal, query: {limit, offset, project_id,
-- kind}}.
create function public.list_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid;
  wanted_project_id uuid;
  conditions text := 'owner_id = $1 and is_active';
  sessions public.sessions[];
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_project_id := private.read_id(query, 'project_id');
  if wanted_project_id is not null then
    conditions := conditions || ' and project_id = $2';
  end if;
  if query ->> 'kind' is not null then
    conditions := conditions || ' and kind = $3';
  end if;

  perform private.act_as(principal_id);
  -- Put together, so that each list is planned for what it asks. Ids decide between equals, so that
  -- pages neither repeat nor skip.
  execute format($sql$
    select
      (select count(*) from public.sessions where %1$s),
      array(
        select session from public.sessions session
        where %1$s
        order by last_message_at desc, session_id
        limit $4 offset $5)
    $sql$, conditions)
  into total, sessions
  using principal_id, wanted_project_id, query ->> 'kind', row_count, first_row;
  perform set_config('role', own_role, true);

  return private.answer_page(
    (select jsonb_agg(private.describe_session(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

revoke all on function public.list_sessions(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_sessions(jsonb) to service_role;

-- supabase/schemas/conversation/list_takes.sql

-- The takes of a message in the order in which they came: {principal, message_id}; the body is a list
-- of messages, each with `is_active` true when it is on the path to the session's active leaf.
create function public.list_takes(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  session public.sessions;
  target public.messages;
  active_id uuid;
  takes jsonb;
begin
  perform private.act_as(principal_id);
  select * into target from public.messages where message_id = wanted_id;
  select * into session from public.sessions
  where session_id = target.session_id and is_active;
  if found then
    active_id := private.message_on_path(session.active_leaf_id, target.depth);
    select jsonb_agg(
      private.message_body(numbered.take, numbered.take_number, numbered.take_count)
        || jsonb_build_object('is_active', (numbered.take).message_id is not distinct from active_id)
      order by numbered.take_number)
    into takes
    from (
      select take, row_number() over (order by take.position) as take_number,
        count(*) over () as take_count
      from private.takes_of(target) take
    ) numbered;
  end if;
  perform set_config('role', own_role, true);
  if takes is null then
    perform private.refuse_unknown_message();
  end if;
  return private.answer(takes);
end
$$;

revoke all on function public.list_takes(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_takes(jsonb) to service_role;

-- supabase/schemas/conversation/message_body.sql

-- A message as callers see it.
create function private.message_body(
  message public.messages, take_number bigint, take_count bigint
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'message_id', message.message_id,
  'session_id', message.session_id,
  'turn_id', message.turn_id,
  'parent_id', message.parent_id,
  'role', message.role,
  'content', message.content,
  'is_complete', message.is_complete,
  'metadata', message.metadata,
  'take_number', take_number,
  'take_count', take_count,
  'created_at', private.iso(message.created_at),
  'updated_at', private.iso(message.updated_at));

revoke all on function private.message_body(public.messages, bigint, bigint)
from public, anon, authenticated, service_role;
grant execute on function private.message_body(public.messages, bigint, bigint)
to authenticated, service_role;

-- supabase/schemas/conversation/message_on_path.sql

-- The message of this depth on the path to the leaf. Walks no further than where the takes begin:
-- before that, the place in the session is the depth.
create function private.message_on_path(leaf_id uuid, wanted_depth integer) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  reached public.messages;
begin
  with recursive path as (
    select leaf.message_id, leaf.parent_id, leaf.depth, leaf.position
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from path child
    cross join lateral (
      select * from public.messages message where message.message_id = child.parent_id limit 1
    ) parent
    where child.depth > wanted_depth and child.position <> child.depth
  )
  select message.* into reached
  from public.messages message
  where message.message_id = (select path.message_id from path order by path.depth limit 1);
  if reached.depth > wanted_depth then
    -- Everything before it is on its path: the place in the session is the depth.
    select message.* into reached
    from public.messages message
    where message.session_id = reached.session_id and message.owner_id = reached.owner_id
      and message.position = wanted_depth;
  end if;
  return case when reached.depth = wanted_depth then reached.message_id end;
end
$$;

revoke all on function private.message_on_path(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.message_on_path(uuid, integer) to authenticated, service_role;

-- supabase/schemas/conversation/newest_leaf_below.sql

-- Where a conversation that goes through this message ends: at its newest child's newest child, and
-- so on. Costs the steps to there.
create function private.newest_leaf_below(target public.messages) returns uuid
language sql stable set search_path = '' as $$
  with recursive way as (
    select target.message_id, target.depth
    union all
    select child.message_id, child.depth
    from way parent
    cross join lateral (
      select message.message_id, message.depth
      from public.messages message
      where message.session_id = target.session_id and message.parent_id = parent.message_id
      order by message.parent_depth desc, message.position desc
      limit 1
    ) child
  )
  select way.message_id from way order by way.depth desc limit 1;
$$;

revoke all on function private.newest_leaf_below(public.messages)
from public, anon, authenticated, service_role;
grant execute on function private.newest_leaf_below(public.messages) to service_role;

-- supabase/schemas/conversation/open_message.sql

-- A message that the principal may see, its session locked until the transaction ends.
create function private.open_message(principal_id uuid, wanted_message_id uuid)
returns public.messages
language plpgsql set search_path = '' as $$
declare
  wanted_session_id uuid := private.session_of_message(principal_id, wanted_message_id);
  message public.messages;
begin
  perform from public.sessions
  where session_id = wanted_session_id and owner_id = principal_id and is_active
  for no key update;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  select * into message from public.messages where message_id = wanted_message_id;
  if not found then
    -- A reply that is still being written, or whose isolate is dead.
    perform private.end_silent_turn(wanted_session_id);
    select * into message from public.messages where message_id = wanted_message_id;
  end if;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  return message;
end
$$;

revoke all on function private.open_message(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.open_message(uuid, uuid) to service_role;

-- supabase/schemas/conversation/open_own_session.sql

-- The session, locked until the transaction ends, if the principal may change it.
create function private.open_own_session(principal_id uuid, wanted_id uuid) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  is_visible boolean;
  opened public.sessions;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.sessions where session_id = wanted_id);
  perform set_config('role', own_role, true);
  select * into opened from public.sessions
  where session_id = wanted_id and owner_id = principal_id and is_active and is_visible
  for no key update;
  if not found then
    perform private.refuse_session();
  end if;
  return opened;
end
$$;

revoke all on function private.open_own_session(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.open_own_session(uuid, uuid) to service_role;

-- supabase/schemas/conversation/read_session.sql

-- One of the principal's sessions: {principal, session_id}.
create function public.read_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  session public.sessions;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'session_id');
  perform private.act_as(principal_id);
  select * into session from public.sessions where session_id = wanted_id and is_active;
  perform set_config('role', own_role, true);
  if session.session_id is null then
    perform private.refuse_session();
  end if;
  return private.answer(
    private.describe_session(session), etag => private.version_of(session.updated_at));
end
$$;

revoke all on function public.read_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_session(jsonb) to service_role;

-- supabase/schemas/conversation/select_message.sql

-- Makes the session go on from this message, or from where the conversation through it ended last:
-- {principal, message_id}; the body is {session_id, message_id, active_leaf_id}.
create function public.select_message(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  target public.messages := private.open_message(
    principal_id, private.read_id(request, 'message_id'));
  leaf_id uuid := private.newest_leaf_below(target);
begin
  update public.sessions
  set active_leaf_id = leaf_id
  where session_id = target.session_id and active_leaf_id is distinct from leaf_id;
  return private.answer(jsonb_build_object(
    'session_id', target.session_id,
    'message_id', target.message_id,
    'active_leaf_id', leaf_id));
end
$$;

revoke all on function public.select_message(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.select_message(jsonb) to service_role;

-- supabase/schemas/conversation/session_body.sql

-- Sessions as their owners see them. Deleted sessions are treated as missing.

-- message_count and last_message_preview describe the path to the active leaf, its newest message.
create function private.describe_session(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'session_id', session.session_id,
    'user_id', session.owner_id,
    'project_id', session.project_id,
    'project_title', project.name,
    'kind', session.kind,
    'title', session.title,
    'is_active', session.is_active,
    'message_count', coalesce(leaf.depth, 0),
    'last_message_preview', left(leaf.content, 200),
    'active_leaf_id', session.active_leaf_id,
    'created_at', private.iso(session.created_at),
    'updated_at', private.iso(session.updated_at),
    'last_message_at', private.iso(session.last_message_at))
  from (select session.project_id, session.active_leaf_id) described
  left join public.projects project on project.project_id = described.project_id
  left join public.messages leaf on leaf.message_id = described.active_leaf_id
);

-- Refuses a session that does not exist, is deleted, or belongs to somebody else.
create function private.refuse_session() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such session: list the sessions to see which there are.');
end
$$;

revoke all on function
  private.describe_session(public.sessions),
  private.refuse_session()
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_session(public.sessions),
  private.refuse_session()
to service_role;

-- supabase/schemas/conversation/session_of_message.sql

-- The answer of functions about a message that is not there, or is another's.
create function private.refuse_unknown_message() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such message: list the messages of its session to see which there are.');
end
$$;

-- The session of a message that the principal may see, or of a reply that is still being written; one
-- of this kind if a kind is given.
create function private.session_of_message(
  principal_id uuid, wanted_message_id uuid, session_kind text default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  found_id uuid;
begin
  perform private.act_as(principal_id);
  select session.session_id into found_id
  from public.messages message
  join public.sessions session on session.session_id = message.session_id
  where message.message_id = wanted_message_id and session.is_active
    and session.kind = coalesce(session_kind, session.kind);
  perform set_config('role', own_role, true);
  if found_id is null then
    select session.session_id into found_id
    from public.generations generation
    join public.sessions session on session.session_id = generation.session_id
    where generation.message_id = wanted_message_id and generation.owner_id = principal_id
      and session.is_active and session.kind = coalesce(session_kind, session.kind);
  end if;
  if found_id is null then
    perform private.refuse_unknown_message();
  end if;
  return found_id;
end
$$;

revoke all on function
  private.refuse_unknown_message(),
  private.session_of_message(uuid, uuid, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_unknown_message(),
  private.session_of_message(uuid, uuid, text)
to service_role;

-- supabase/schemas/conversation/takes_of.sql

-- The messages with this one's parent and role, itself among them.
create function private.takes_of(target public.messages) returns setof public.messages
language sql stable set search_path = '' as $$
  select take.* from public.messages take
  where take.session_id = target.session_id and take.parent_id = target.parent_id
    and take.role = target.role
  union all
  -- An index finds these too, but not with one condition that means both.
  select take.* from public.messages take
  where target.parent_id is null
    and take.session_id = target.session_id and take.parent_id is null
    and take.role = target.role;
$$;

revoke all on function private.takes_of(public.messages)
from public, anon, authenticated, service_role;
grant execute on function private.takes_of(public.messages) to authenticated, service_role;

-- supabase/schemas/conversation/update_session.sql

-- Renames a session: {principal, session_id, if_match, body: {title}}.
create function public.update_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  new_title constant text := btrim(request #>> '{body,title}');
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(session.updated_at));
  if char_length(new_title) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'title must have 1 to 200 characters.');
  end if;
  update public.sessions set title = new_title
  where session_id = session.session_id
  returning * into session;
  return private.answer(
    private.describe_session(session), etag => private.version_of(session.updated_at));
end
$$;

revoke all on function public.update_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.update_session(jsonb) to service_role;

-- supabase/schemas/bots/bot_body.sql

-- The number under `bot_id`, from a body or as text from a path; null when it is absent.
create function private.read_bot_id(request jsonb) returns bigint
language plpgsql stable set search_path = '' as $$
declare
  max_id constant numeric := 9223372036854775807;
  value constant text := request ->> 'bot_id';
begin
  if value !~ '^[1-9][0-9]{0,18}$' or value::numeric > max_id then
    perform private.refuse(400, 'invalid_id', 'bot_id must be a whole number from 1 on.');
  end if;
  return value::bigint;
end
$$;

-- A bot as this principal sees it: instructions and address are for its owner, the key for nobody.
create function private.describe_bot(bot public.bots, principal_id uuid) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'user_id', bot.owner_id,
  'name', bot.name,
  'provider', bot.provider,
  'model', bot.model,
  'system', case when bot.owner_id = principal_id then bot.system end,
  'access_path', case when bot.owner_id = principal_id then bot.access_path end,
  'has_access_key', case when bot.owner_id = principal_id
    then exists (select from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id) end,
  'is_public', bot.is_public,
  'created_at', private.iso(bot.created_at),
  'updated_at', private.iso(bot.updated_at));

-- The answer of functions about a bot that is not there, or is another's and not public.
create function private.refuse_bot() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such bot: list the bots to see which there are.');
end
$$;

-- Refuses members of a bot that could not be stored. Those that are absent are fine.
create function private.check_bot(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if jsonb_typeof(body) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'The body must be an object.');
  end if;
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'model' and char_length(btrim(body ->> 'model')) between 1 and 256 is not true then
    perform private.refuse(422, 'invalid_request',
      'model must be the provider''s name of a model, 1 to 256 characters.');
  end if;
  if body ? 'is_public' and jsonb_typeof(body -> 'is_public') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_public must be true or false.');
  end if;
  perform private.read_profile_text(body, 'provider', 64, '', 'text of 1 to 64 characters');
  -- Bytes are limited where it is stored: 4 of them are the most that a character has.
  perform private.read_profile_text(body, 'system', 50000, '', 'text of 1 to 50000 characters');
  perform private.read_profile_text(body, 'access_path', 2048, '^https?://[^[:space:]]+$',
    'an http or https URL of at most 2048 characters');
  perform private.read_profile_text(body, 'access_key', 4096, '^[[:graph:]]+$',
    'a key of 1 to 4096 visible characters');
end
$$;

revoke all on function
  private.read_bot_id(jsonb),
  private.describe_bot(public.bots, uuid),
  private.refuse_bot(),
  private.check_bot(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_bot_id(jsonb),
  private.describe_bot(public.bots, uuid),
  private.refuse_bot(),
  private.check_bot(jsonb)
to service_role;

-- supabase/schemas/bots/bot_to_ask.sql

-- A bot as the edge needs it, with what its users must not see. For begin_turn alone.
create function private.bot_to_ask(bot public.bots) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'provider', bot.provider,
  'model', bot.model,
  'system', bot.system,
  'access_path', bot.access_path,
  'access_key', (
    select bot_key.access_key from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id));

revoke all on function private.bot_to_ask(public.bots)
from public, anon, authenticated, service_role;
grant execute on function private.bot_to_ask(public.bots) to service_role;

-- supabase/schemas/bots/delete_bot.sql

-- Removes a bot with its key: {principal, bot_id, if_match}. What it has said stays.
create function public.delete_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  bot public.bots;
begin
  bot := private.open_bot(
    private.resolve_principal(request -> 'principal'), private.read_bot_id(request));
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  delete from public.bots where bot_id = bot.bot_id;
  return private.answer('{"message": "The bot is deleted; its conversations stay."}');
end
$$;

revoke all on function public.delete_bot(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_bot(jsonb) to service_role;

-- supabase/schemas/bots/list_bots.sql

-- The principal's bots and everybody's, newest first: {principal, query: {limit, offset}}.
create function public.list_bots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  page jsonb;
  total bigint;
begin
  -- Each of the two indexes is in the order of the list, and read as far as the page; one condition
  -- for both would sort all.
  select
    (select count(*) from public.bots where owner_id = principal_id)
      + (select count(*) from public.bots where is_public and owner_id <> principal_id),
    (select jsonb_agg(private.describe_bot(bot, principal_id) order by bot.bot_id desc)
    from (
      select visible.bot_id
      from (
        (
          select own.bot_id from public.bots own
          where own.owner_id = principal_id
          order by own.bot_id desc
          limit first_row + row_count
        )
        union all
        (
          select others.bot_id from public.bots others
          where others.is_public and others.owner_id <> principal_id
          order by others.bot_id desc
          limit first_row + row_count
        )
      ) visible
      order by visible.bot_id desc
      limit row_count offset first_row
    ) listed
    cross join lateral (
      select * from public.bots whole where whole.bot_id = listed.bot_id limit 1
    ) bot)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_bots(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_bots(jsonb) to service_role;

-- supabase/schemas/bots/open_bot.sql

-- The bot, if the principal may use it.
create function private.visible_bot(principal_id uuid, wanted_id bigint) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots;
begin
  select * into bot from public.bots
  where bot_id = wanted_id and (owner_id = principal_id or is_public);
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

-- The bot, locked until the transaction ends, if the principal may change it.
create function private.open_bot(principal_id uuid, wanted_id bigint) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots := private.visible_bot(principal_id, wanted_id);
begin
  if bot.owner_id <> principal_id then
    perform private.refuse(403, 'forbidden',
      'This bot is another''s: create one of your own, and change that.');
  end if;
  select * into bot from public.bots
  where bot_id = wanted_id and owner_id = principal_id
  for no key update;
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

revoke all on function
  private.visible_bot(uuid, bigint),
  private.open_bot(uuid, bigint)
from public, anon, authenticated, service_role;
grant execute on function
  private.visible_bot(uuid, bigint),
  private.open_bot(uuid, bigint)
to service_role;

-- supabase/schemas/bots/read_bot.sql

-- A bot of the principal's, or a public one: {principal, bot_id}.
create function public.read_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  bot public.bots := private.visible_bot(principal_id, private.read_bot_id(request));
begin
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

revoke all on function public.read_bot(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_bot(jsonb) to service_role;

-- supabase/schemas/bots/save_bot.sql

-- Stores or removes the key if the body says so.
create function private.save_bot_key(changed_id bigint, body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if not body ? 'access_key' then
    return;
  end if;
  if body ->> 'access_key' is null then
    delete from private.bot_keys where bot_id = changed_id;
  else
    insert into private.bot_keys (bot_id, access_key)
    values (changed_id, btrim(body ->> 'access_key'))
    on conflict (bot_id) do update set access_key = excluded.access_key;
  end if;
end
$$;

-- A new bot of the principal's: {principal, body: {name, provider, model, system, access_path,
-- access_key, is_public}}, of which only the model must be there. Without a name it is called like
-- its model.
create function public.save_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := '{"model": null}' || coalesce(request -> 'body', '{}');
  bot public.bots;
begin
  perform private.check_bot(body);
  insert into public.bots (owner_id, name, provider, model, system, access_path, is_public)
  values (
    principal_id, coalesce(btrim(body ->> 'name'), left(btrim(body ->> 'model'), 200)),
    btrim(body ->> 'provider'), btrim(body ->> 'model'), btrim(body ->> 'system'),
    btrim(body ->> 'access_path'), coalesce((body ->> 'is_public')::boolean, false))
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, body);
  return private.answer(
    private.describe_bot(bot, principal_id), 201, private.version_of(bot.updated_at));
end
$$;

revoke all on function
  private.save_bot_key(bigint, jsonb),
  public.save_bot(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.save_bot_key(bigint, jsonb),
  public.save_bot(jsonb)
to service_role;

-- supabase/schemas/bots/update_bot.sql

-- Changes what body has: {principal, bot_id, if_match, body: as save_bot's}. What is absent stays;
-- null removes provider, system, access_path and access_key.
create function public.update_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := coalesce(request -> 'body', '{}');
  bot public.bots := private.open_bot(principal_id, private.read_bot_id(request));
begin
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  perform private.check_bot(body);
  update public.bots
  set name = coalesce(btrim(body ->> 'name'), name),
      provider = case when body ? 'provider' then btrim(body ->> 'provider') else provider end,
      model = coalesce(btrim(body ->> 'model'), model),
      system = case when body ? 'system' then btrim(body ->> 'system') else system end,
      access_path = case
        when body ? 'access_path' then btrim(body ->> 'access_path') else access_path
      end,
      is_public = coalesce((body ->> 'is_public')::boolean, is_public)
  where bot_id = bot.bot_id
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, body);
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

revoke all on function public.update_bot(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.update_bot(jsonb) to service_role;

-- supabase/schemas/turn/append_chunk.sql

-- Saves new text of a running reply: {generation_id, from_offset, text}, where an empty text is a heartbeat;
-- returns {cancel_requested, status, saved_bytes}. A status other than streaming means that nothing was
-- stored and the writer must stop. A reply that was ended for silence is reopened if possible.
create function public.append_chunk(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  addition text;
begin
  -- Most replies are running, and need not wait for the lock of their session.
  select * into generation from public.generations
  where generation_id = wanted_id and not ended_by_silence
  for no key update;
  if not found then
    perform from public.sessions
    where session_id = (
      select session_id from public.generations where generation_id = wanted_id)
    for no key update;
    select * into generation from public.generations
    where generation_id = wanted_id
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
    end if;
    if generation.ended_by_silence then
      generation := private.reopen_generation(generation);
    end if;
  end if;
  if generation.status = 'streaming' then
    addition := private.text_beyond(
      generation.saved_bytes, (request ->> 'from_offset')::integer, request ->> 'text');
    if addition <> '' then
      insert into public.generation_chunks (generation_id, from_offset, text)
      values (generation.generation_id, generation.saved_bytes, addition);
    end if;
    update public.generations
    set saved_bytes = saved_bytes + octet_length(addition),
        save_count = save_count + (addition <> '')::integer,
        heartbeat_at = clock_timestamp()
    where generation_id = generation.generation_id
    returning * into generation;
  end if;

  return jsonb_build_object(
    'cancel_requested', generation.cancel_requested,
    'status', generation.status,
    'saved_bytes', generation.saved_bytes);
end
$$;

revoke all on function public.append_chunk(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.append_chunk(jsonb) to service_role;

-- supabase/schemas/turn/begin_turn.sql

-- Begins a turn in one of four ways: a new message is said, an earlier message is edited, a reply is
-- regenerated, or a reply is continued. A repeated request begins nothing, unless its writer has died before
-- it stored any text: then the turn runs again. One call is one transaction. Locks are taken in the order
-- principal, call, idempotency key, rate limit, session, generation.
--
-- Takes {principal, kind, session_id | null, project_id | null, text, title, provider, model,
-- history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional, {action, message_id,
-- external_id, bot_id, instruction, system_prompt, prompt, settings, idempotency_key, request_hash,
-- rate_limit, message_metadata, task_prompts, task_prompt_labels, dossier, dossier_heading, extract, call_id,
-- wait_ms}.
--   principal         what private.resolve_principal takes
--   title             for a session that is created
--   claimed_user_id   must be the principal's own
--   rate_limit        {action, max_requests, window_seconds}
--   external_id       in place of session_id, the caller's name for the conversation, which its first turn
--                     creates
--   bot_id            of a bot that the principal may use; where provider and model are absent, the bot's
--                     are kept of the turn
--   message_metadata  {task, attachments}, both optional, kept with the user's message: attachments, with
--                     the `tokens` that each takes of the budget, are for the caller to send; task is what
--                     the message asks for, and when that message is answered again its prompt in
--                     task_prompts, an object, is kept as the system prompt, and its label in
--                     task_prompt_labels as `prompt`
--   prompt            name and version of the prompt that system_prompt is, such as chat-1
--   dossier           true: the turn is told what is known of the story, after dossier_heading, and the
--                     system prompt that is kept ends with both
--   extract           whether the user's message is worth reading for the dossier, however the turn ends
--   call_id           a new UUID, by which the caller takes the turn back if it gives up (withdraw_turn)
--   wait_ms           refuses when more than this has passed since the transaction began: nobody waits
--                     any more
--   action            say         `text` comes after the path's end (the default)
--                     edit        `text` stands beside the user's message `message_id`
--                     regenerate  the reply `message_id` is taken again, or the user's message answered
--                                 again
--                     continue    the reply `message_id` goes on in a new take, after `instruction` if
--                                 there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, summary | null,
-- history, replayed}, where message_id is the one that the reply will have, its text so far has
-- base_bytes, history is what the model is sent before `text` or `instruction`, and summary is of
-- what was said before that; of regenerate and continue also the message_metadata of the message that is
-- answered, if it has any; with a bot_id also bot: {bot_id, provider, model, system, access_path,
-- access_key}, with a rate_limit also rate: {limit, remaining, reset_s}. A request that was made
-- before, under its idempotency key or its stream_id, has `replayed` true, the `status` of that turn,
-- neither history nor summary, and neither bot nor rate: call read_turn. With `dossier`, of a session that
-- has a project, also dossier: {version, pending, updated, told}, where told is to be sent after the system
-- prompt.
create function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Of what is told of the dossier, for each token of history: a quarter of it.
  dossier_bytes_per_token constant integer := 1;
  turn_action text := coalesce(request ->> 'action', 'say');
  rate_limit jsonb := nullif(request -> 'rate_limit', 'null');
  wanted_bot_id bigint := private.read_bot_id(request);
  principal_id uuid;
  wanted_call_id constant uuid := private.read_id(request, 'call_id');
  wait_ms constant integer := (request ->> 'wait_ms')::integer;
  named public.generations;
  dead_question public.messages;
  rate jsonb;
  bot public.bots;
  session public.sessions;
  target public.messages;
  continued public.messages;
  question public.messages;
  history private.turn_history;
  generation public.generations;
  dossier jsonb;
  told text;
  begun_at timestamptz;
begin
  perform private.check_turn_request(request);
  perform private.check_message_metadata(request);
  principal_id := private.resolve_principal(request -> 'principal');
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  if wanted_call_id is not null then
    perform private.lock_call(wanted_call_id);
  end if;
  named := private.find_named_generation(principal_id, request);
  if named.generation_id is not null then
    -- Before the session of a run that has died.
    perform private.hold_principal(principal_id);
    dead_question := private.forget_dead_run(named);
    if dead_question.message_id is null then
      return private.describe_repeated_turn(named);
    end if;
    if coalesce(request ->> 'external_id', request ->> 'message_id') is null then
      request := request || jsonb_build_object('session_id', named.session_id);
    end if;
  end if;
  if rate_limit is not null then
    rate := private.take_rate_limit(principal_id, rate_limit ->> 'action',
      (rate_limit ->> 'max_requests')::integer, (rate_limit ->> 'window_seconds')::integer);
  end if;
  if wanted_bot_id is not null then
    bot := private.visible_bot(principal_id, wanted_bot_id);
  end if;

  session := private.open_turn_session(principal_id, request);
  if turn_action <> 'say' then
    target := private.read_target(session, private.read_id(request, 'message_id'));
  end if;
  if turn_action = 'continue' then
    continued := target;
  end if;
  perform private.check_still_awaited(wanted_call_id, wait_ms);
  -- Read after the lock: a call that had to wait for it comes later than what it waited for.
  begun_at := clock_timestamp();
  if dead_question.message_id is not null then
    question := dead_question;
  else
    question := private.place_question(session, turn_action, target, request ->> 'text',
      request -> 'message_metadata', begun_at);
  end if;
  if request -> 'task_prompts' ? (question.metadata ->> 'task') then
    request := request || jsonb_build_object(
      'system_prompt', request -> 'task_prompts' -> (question.metadata ->> 'task'),
      'prompt', request -> 'task_prompt_labels' -> (question.metadata ->> 'task'));
  end if;
  request := request || jsonb_build_object(
    'history_budget_tokens',
    (request ->> 'history_budget_tokens')::integer - private.attached_tokens(question));
  history := private.read_turn_history(principal_id, question, continued, request);
  update public.sessions
  set active_leaf_id = question.message_id,
      turn_count = greatest(turn_count, question.turn_number),
      message_count = greatest(message_count, question.position),
      last_epoch = session.last_epoch + 1,
      last_message_at = begun_at
  where session_id = session.session_id;
  -- After the path has moved, which the dossier follows.
  if (request ->> 'dossier')::boolean and session.project_id is not null then
    dossier := private.dossier_of_turn(
      session, (request ->> 'history_budget_tokens')::integer * dossier_bytes_per_token);
    told := case when dossier ->> 'text' <> ''
      then concat(request ->> 'dossier_heading', dossier ->> 'text') else '' end;
    request := request || jsonb_build_object(
      'dossier_version', dossier -> 'version',
      'dossier_facts', dossier -> 'fact_ids',
      'system_prompt', concat(request ->> 'system_prompt', told));
    dossier := dossier - array['text', 'fact_ids'] || jsonb_build_object('told', told);
  end if;
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', coalesce(named.epoch, generation.epoch) = 1,
      'summary', history.summary,
      'history', history.messages,
      'replayed', false)
    || case when turn_action in ('regenerate', 'continue') and question.metadata <> '{}'
      then jsonb_build_object('message_metadata', question.metadata) else '{}' end
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when dossier is null then '{}' else jsonb_build_object('dossier', dossier) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;

revoke all on function public.begin_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_turn(jsonb) to service_role;

-- supabase/schemas/turn/check_turn_request.sql

-- Refuses a request that does not identify a turn clearly.
create function private.check_turn_request(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_text_bytes constant integer := 200000;
  turn_action text := coalesce(request ->> 'action', 'say');
  said text := request ->> 'text';
begin
  if turn_action not in ('say', 'edit', 'regenerate', 'continue') then
    perform private.refuse(422, 'invalid_request',
      'action must be say, edit, regenerate or continue.');
  end if;
  if turn_action in ('say', 'edit')
    and (said is null or said = '' or octet_length(said) > max_text_bytes) then
    perform private.refuse(422, 'invalid_request',
      format('text must have 1 to %s bytes.', max_text_bytes));
  end if;
  if (turn_action = 'say') = (request ->> 'message_id' is not null) then
    perform private.refuse(422, 'invalid_request',
      'message_id must name what edit, regenerate or continue is about, and is for these alone.');
  end if;
  if request ->> 'external_id' is not null then
    if char_length(request ->> 'external_id') not between 1 and 128 then
      perform private.refuse(422, 'invalid_request', 'external_id must have 1 to 128 characters.');
    end if;
    if coalesce(request ->> 'session_id', request ->> 'message_id') is not null then
      perform private.refuse(422, 'invalid_request',
        'external_id names the conversation already: leave session_id and message_id out.');
    end if;
  end if;
  if request ->> 'instruction' is not null and (
    turn_action <> 'continue'
    or octet_length(request ->> 'instruction') not between 1 and max_text_bytes
  ) then
    perform private.refuse(422, 'invalid_request',
      format('instruction must have 1 to %s bytes and belongs to continue.', max_text_bytes));
  end if;
  if octet_length(request ->> 'system_prompt') > max_text_bytes then
    perform private.refuse(422, 'invalid_request',
      format('system_prompt must have at most %s bytes.', max_text_bytes));
  end if;
  if jsonb_typeof(coalesce(nullif(request -> 'settings', 'null'), '{}')) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'settings must be an object.');
  end if;
  if request ->> 'idempotency_key' is not null and (
    char_length(request ->> 'idempotency_key') not between 1 and 255
    or coalesce(request ->> 'request_hash', '') !~ '^[0-9a-f]{64}$'
  ) then
    perform private.refuse(422, 'invalid_request',
      'An idempotency key must have 1 to 255 characters, and a SHA-256 of the request beside it.');
  end if;
  if request ->> 'stream_id' is not null then
    if char_length(request ->> 'stream_id') not between 1 and 128 then
      perform private.refuse(422, 'invalid_request', 'stream_id must have 1 to 128 characters.');
    end if;
    if request ->> 'request_hash' !~ '^[0-9a-f]{64}$' then
      perform private.refuse(422, 'invalid_request',
        'request_hash must be the SHA-256 of the request in hexadecimal digits.');
    end if;
  end if;
end
$$;

revoke all on function private.check_turn_request(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_turn_request(jsonb) to service_role;

-- supabase/schemas/turn/close_generation.sql

-- Ends a streaming generation, and marks messages for reading: those worth reading, together with earlier
-- messages that were passed over; another take of a reply if its question was read. The caller has locked the
-- session and the generation. `outcome` is finish_turn's request.
create function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
begin
  perform private.store_reply(generation, outcome);
  if (outcome ->> 'extract')::boolean
    or (generation.action in ('regenerate', 'continue') and exists (
      select from public.message_extractions marked
      where marked.session_id = generation.session_id
        and marked.message_id = generation.user_message_id))
  then
    perform private.mark_for_extraction(generation.session_id,
      private.unmarked_until(generation.user_message_id) || generation.message_id);
  elsif generation.reads_question then
    perform private.mark_for_extraction(
      generation.session_id, private.unmarked_until(generation.user_message_id));
  end if;
end
$$;

revoke all on function private.close_generation(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.close_generation(public.generations, jsonb) to service_role;

-- supabase/schemas/turn/describe_turn.sql

-- begin_turn's answer for a turn, whether it has begun just now or earlier.
create function private.describe_turn(
  session public.sessions, question public.messages, generation public.generations
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'user_id', generation.owner_id,
  'session_id', session.session_id,
  'project_id', session.project_id,
  'user_message_id', question.message_id,
  'message_id', generation.message_id,
  'stream_id', generation.stream_id,
  'generation_id', generation.generation_id,
  'epoch', generation.epoch,
  'turn_number', question.turn_number,
  'title', session.title,
  'action', generation.action,
  'base_bytes', generation.base_bytes);

revoke all on function private.describe_turn(public.sessions, public.messages, public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.describe_turn(public.sessions, public.messages, public.generations)
to service_role;

-- supabase/schemas/turn/estimate_tokens.sql

-- An upper estimate of a message's tokens: one for each four bytes, and four for the frame. Empty messages
-- are not sent.
create function private.estimate_tokens(content text) returns integer
language sql immutable parallel safe
return case
  when content = '' then 0
  else (pg_catalog.octet_length(content) + 3) / 4 + 4
end;

revoke all on function private.estimate_tokens(text) from public, anon, authenticated, service_role;
grant execute on function private.estimate_tokens(text) to authenticated, service_role;

-- supabase/schemas/turn/find_generation.sql

-- The principal's generation of this stream_id or generation_id.
create function private.find_generation(principal_id uuid, request jsonb)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session_is_visible boolean;
begin
  if wanted_id is not null then
    select * into generation from public.generations
    where generation_id = wanted_id and owner_id = principal_id;
  else
    select * into generation from public.generations
    where stream_id = request ->> 'stream_id' and owner_id = principal_id;
  end if;
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions where session_id = generation.session_id and is_active);
  perform set_config('role', own_role, true);
  if not session_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such stream: list the messages of the session to see what has been said.');
  end if;
  return generation;
end
$$;

revoke all on function private.find_generation(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.find_generation(uuid, jsonb) to service_role;

-- supabase/schemas/turn/find_repeated_turn.sql

-- Refuses a stream_id that belongs to another request.
create function private.refuse_stream() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(409, 'stream_exists',
    'This stream_id names another request: send this one under a new stream_id, or under none.');
end
$$;

-- The generation that this principal has begun with the same request, under its idempotency key or else its
-- stream_id; nulls when there is none. From here on both names are locked: of two concurrent first requests
-- the second waits, and then finds the turn of the first. Advisory locks, because a first turn has no row to
-- wait for, and a request that comes second must not leave a session behind.
create function private.find_named_generation(principal_id uuid, request jsonb)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  wanted_key text := request ->> 'idempotency_key';
  wanted_stream_id text := request ->> 'stream_id';
  generation public.generations;
begin
  if wanted_key is not null then
    perform pg_advisory_xact_lock(hashtextextended(principal_id::text || ' ' || wanted_key, 0));
    select * into generation from public.generations
    where owner_id = principal_id and idempotency_key = wanted_key;
    if generation.request_hash <> request ->> 'request_hash' then
      perform private.refuse(422, 'idempotency_key_reused',
        'This idempotency key has named another request: send this one under a new key.');
    end if;
  end if;
  if generation.generation_id is null and wanted_stream_id is not null then
    perform pg_advisory_xact_lock(
      hashtextextended(principal_id::text || ' ' || wanted_stream_id, 1));
    select * into generation from public.generations
    where owner_id = principal_id and stream_id = wanted_stream_id;
    if found and (generation.request_hash = request ->> 'request_hash') is not true then
      perform private.refuse_stream();
    end if;
  end if;
  return generation;
end
$$;

-- begin_turn's answer for a turn that a request has named again.
create function private.describe_repeated_turn(generation public.generations) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  question public.messages;
begin
  select * into session from public.sessions
  where session_id = generation.session_id and is_active;
  if not found then
    perform private.refuse(404, 'not_found',
      'The conversation of this turn has been deleted: send the request under a new name.');
  end if;
  select * into question from public.messages where message_id = generation.user_message_id;
  return private.describe_turn(session, question, generation) || jsonb_build_object(
    'created_session', generation.epoch = 1,
    'summary', null,
    'history', '[]'::jsonb,
    'replayed', true,
    'status', generation.status);
end
$$;

revoke all on function
  private.refuse_stream(),
  private.find_named_generation(uuid, jsonb),
  private.describe_repeated_turn(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_stream(),
  private.find_named_generation(uuid, jsonb),
  private.describe_repeated_turn(public.generations)
to service_role;

-- supabase/schemas/turn/finish_turn.sql

-- Ends a turn: {generation_id, status, from_offset, text, finish_reason, error_code, usage: {input_tokens,
-- output_tokens} | null, first_token_ms, latency_ms, provider, model, attempts?, extract?, dossier_facts?},
-- where attempts are the turn's model calls (private.write_model_calls), `extract` true says that question
-- and reply are worth reading for the dossier, and dossier_facts are the ids of the facts that the model was
-- sent. Returns {message_id, status, already, saved_bytes, title}, and if the turn has asked for its dossier
-- also `dossier`, {version, pending, updated}, in its current state. message_id is null when the model has
-- said nothing. Calling again changes nothing and returns `already` true; so does a call for a reply that was
-- ended for silence and cannot be reopened: the caller compares status and saved_bytes with what it has told
-- its client.
create function public.finish_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session record;
  fact_ids constant jsonb := coalesce(nullif(request -> 'dossier_facts', 'null'), '[]');
  is_first_call boolean;
begin
  select found.session_id, found.project_id, found.title into session
  from public.sessions found
  where found.session_id = (
    select session_id from public.generations where generation_id = wanted_id)
  for no key update;

  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  if request ->> 'status' is not null then
    generation := private.reopen_generation(generation);
  end if;
  is_first_call := generation.status = 'streaming';
  if is_first_call then
    if request ->> 'status' is null or request ->> 'status' not in (
      'complete', 'stopped', 'disconnected', 'interrupted', 'failed') then
      perform private.refuse(422, 'invalid_request',
        'status must be complete, stopped, disconnected, interrupted or failed.');
    end if;
    perform private.check_fact_ids(fact_ids);
    perform private.close_generation(generation, request);
    if fact_ids <> '[]' then
      update public.generations set dossier_facts = fact_ids
      where generation_id = generation.generation_id;
    end if;
    select * into generation from public.generations where generation_id = wanted_id;
  end if;

  return jsonb_build_object(
    'message_id', case when generation.saved_bytes > 0 then generation.message_id end,
    'status', generation.status,
    'already', not is_first_call,
    'saved_bytes', generation.saved_bytes,
    'title', session.title)
    || case when generation.dossier_version is null then '{}'
      else jsonb_build_object('dossier', (
        select jsonb_build_object(
          'version', dossier.head,
          'pending', private.is_dossier_pending(generation.session_id),
          'updated', private.is_dossier_updated(
            generation.session_id, generation.epoch, dossier.head))
        from public.dossiers dossier
        where dossier.project_id = session.project_id)) end;
end
$$;

revoke all on function public.finish_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.finish_turn(jsonb) to service_role;

-- supabase/schemas/turn/forget_run.sql

-- Undoes a generation whose writer has stored no text, as if the model had never been asked.

-- Deletes a generation without text, if its writer is silent or has given it up and the conversation has not
-- gone on since; false otherwise. The question stays, and the path is restored to where the run found it. The
-- caller has locked the session and the generation.
create function private.forget_run(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch
    or generation.save_count > 0
    or exists (select from public.messages where message_id = generation.message_id)
    or exists (
      select from public.message_revisions edited
      where edited.session_id = generation.session_id and edited.last_epoch = generation.epoch)
    or not (generation.status = 'streaming' or generation.ended_by_silence)
  then
    return false;
  end if;
  update public.sessions
  set last_epoch = last_epoch - 1,
      active_leaf_id = case when active_leaf_id = generation.user_message_id
        then coalesce(generation.previous_leaf_id, active_leaf_id) else active_leaf_id end
  where session_id = generation.session_id;
  delete from public.generations where generation_id = generation.generation_id;
  return true;
end
$$;

-- For a repeated request whose turn's writer has died before it stored any text: deletes that run, so that
-- the request runs now. Returns the question; nulls when the turn is to be replayed instead. The session is
-- then locked.
create function private.forget_dead_run(named public.generations) returns public.messages
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
  question public.messages;
begin
  if not (named.ended_by_silence or (named.status = 'streaming' and private.is_silent(named))) then
    return null;
  end if;
  perform from public.sessions where session_id = named.session_id for no key update;
  select * into generation from public.generations
  where generation_id = named.generation_id
  for no key update;
  if (generation.ended_by_silence
      or (generation.status = 'streaming' and private.is_silent(generation)))
    and private.forget_run(generation)
  then
    select * into question from public.messages where message_id = generation.user_message_id;
  end if;
  return question;
end
$$;

revoke all on function
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
to service_role;

-- supabase/schemas/turn/message_metadata.sql

-- The metadata of a user's message, stored with it: a task, and attachments by their locations. A later turn
-- that answers the message again, or continues a reply to it, reads them from there.

-- Refuses metadata that cannot be stored with a message.
create function private.check_message_metadata(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  -- The limit of a request's body, which may contain attached texts.
  max_bytes constant integer := 524288;
  max_attachments constant integer := 8;
  metadata jsonb := coalesce(nullif(request -> 'message_metadata', 'null'), '{}');
begin
  if jsonb_typeof(metadata) <> 'object'
    or metadata - array['task', 'attachments'] <> '{}'
    or octet_length(metadata::text) > max_bytes
    or jsonb_typeof(coalesce(metadata -> 'task', '""')) <> 'string'
    or jsonb_typeof(coalesce(metadata -> 'attachments', '[]')) <> 'array'
    or (metadata <> '{}' and coalesce(request ->> 'action', 'say') not in ('say', 'edit'))
  then
    perform private.refuse(422, 'invalid_request', format(
      'message_metadata must be {task, attachments} of at most %s bytes, of a message that is said.',
      max_bytes));
  end if;
  if jsonb_array_length(coalesce(metadata -> 'attachments', '[]')) > max_attachments then
    perform private.refuse(422, 'invalid_request', format(
      'A message has at most %s attachments.', max_attachments));
  end if;
end
$$;

-- The tokens that the message's attachments take of the prompt.
create function private.attached_tokens(question public.messages) returns integer
language sql immutable parallel safe
return coalesce((
  select pg_catalog.sum((attachment.value ->> 'tokens')::integer)::integer
  from pg_catalog.jsonb_array_elements(question.metadata -> 'attachments') attachment), 0);

revoke all on function
  private.check_message_metadata(jsonb),
  private.attached_tokens(public.messages)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_message_metadata(jsonb),
  private.attached_tokens(public.messages)
to service_role;

-- supabase/schemas/turn/open_session.sql

-- Returns the session, locked until the transaction ends: the one with this id, or with this external_id of
-- the principal; a new one if there is none, or none is named. An unknown session and another owner's are
-- refused with the same answer. A conversation with an external_id belongs to no project unless the request
-- names one.
create function private.open_session(
  principal_id uuid, session_kind text, wanted_session_id uuid, wanted_external_id text,
  wanted_project_id uuid, new_title text
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  session_is_visible boolean;
  project_is_visible boolean;
  project_of_session uuid := wanted_project_id;
  opened public.sessions;
begin
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions
    where session_id = wanted_session_id and kind = session_kind and is_active);
  project_is_visible := exists (
    select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);

  if wanted_session_id is not null and not session_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such session: leave session_id out to begin a new one.');
  end if;
  if wanted_project_id is not null and not project_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such project: leave project_id out to begin a new one.');
  end if;

  if wanted_session_id is null and wanted_external_id is null then
    if project_of_session is null then
      insert into public.projects (owner_id, name) values (principal_id, new_title)
      returning project_id into project_of_session;
    end if;
    insert into public.sessions (owner_id, project_id, kind, title)
    values (principal_id, project_of_session, session_kind, new_title)
    returning * into opened;
    return opened;
  end if;

  if wanted_external_id is null then
    -- Read again, because it may have changed before it was locked.
    select * into opened from public.sessions
    where session_id = wanted_session_id and owner_id = principal_id and is_active
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found',
        'There is no such session: leave session_id out to begin a new one.');
    end if;
  end if;
  -- Repeated as often as necessary: between reading and inserting another first turn may insert it, and
  -- between inserting and reading a deletion may remove it.
  while opened.session_id is null loop
    select * into opened from public.sessions
    where owner_id = principal_id and kind = session_kind and external_id = wanted_external_id
      and is_active
    for no key update;
    if not found then
      insert into public.sessions (owner_id, project_id, kind, external_id, title)
      values (principal_id, wanted_project_id, session_kind, wanted_external_id, new_title)
      on conflict (owner_id, kind, external_id) where external_id is not null and is_active
        do nothing
      returning * into opened;
    end if;
  end loop;
  if wanted_project_id is not null and wanted_project_id is distinct from opened.project_id then
    perform private.refuse(422, 'invalid_request',
      'project_id is not the project of this session: leave it out, or begin a new session.');
  end if;
  return opened;
end
$$;

revoke all on function private.open_session(uuid, text, uuid, text, uuid, text)
from public, anon, authenticated, service_role;
grant execute on function private.open_session(uuid, text, uuid, text, uuid, text) to service_role;

-- supabase/schemas/turn/open_turn_session.sql

-- The session of the turn, locked and without a running turn.
create function private.open_turn_session(principal_id uuid, request jsonb)
returns public.sessions
language plpgsql set search_path = '' as $$
declare
  wanted_session_id uuid := private.read_id(request, 'session_id');
  wanted_message_id uuid := private.read_id(request, 'message_id');
  session_of_message uuid;
  session public.sessions;
begin
  if wanted_message_id is not null then
    session_of_message := private.session_of_message(
      principal_id, wanted_message_id, request ->> 'kind');
    if wanted_session_id <> session_of_message then
      perform private.refuse_unknown_message();
    end if;
    wanted_session_id := session_of_message;
  end if;
  session := private.open_session(
    principal_id, request ->> 'kind', wanted_session_id, request ->> 'external_id',
    private.read_id(request, 'project_id'),
    coalesce(nullif(left(btrim(request ->> 'title'), 200), ''), 'Untitled'));
  perform private.end_silent_turn(session.session_id);
  -- Read again: ending the silent turn may have stored its reply.
  select * into session from public.sessions where session_id = session.session_id;
  return session;
end
$$;

revoke all on function private.open_turn_session(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.open_turn_session(uuid, jsonb) to service_role;

-- supabase/schemas/turn/place_question.sql

-- The message that an edit, a regenerate or a continue concerns. The session is locked.
create function private.read_target(session public.sessions, wanted_message_id uuid)
returns public.messages
language plpgsql set search_path = '' as $$
declare
  target public.messages;
begin
  select * into target from public.messages message
  where message.message_id = wanted_message_id and message.session_id = session.session_id;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  return target;
end
$$;

-- The user's message that this turn answers: a new one at the path's end or beside the target, or the target
-- itself, or the one that the target answers.
create function private.place_question(
  session public.sessions, turn_action text, target public.messages, said text,
  message_metadata jsonb, begun_at timestamptz
) returns public.messages
language plpgsql set search_path = '' as $$
declare
  question public.messages;
  parent_of_new uuid := session.active_leaf_id;
begin
  if turn_action in ('regenerate', 'continue') then
    if turn_action = 'regenerate' and target.role = 'user' then
      return target;
    end if;
    select * into question from public.messages
    where message_id = target.parent_id and role = 'user';
    if not found or target.role <> 'assistant' then
      perform private.refuse(422, 'invalid_request', format(
        '%s is about a reply to a message of the user: name one.', turn_action));
    end if;
    return question;
  end if;

  if turn_action = 'edit' then
    if target.role <> 'user' then
      perform private.refuse(422, 'invalid_request',
        'edit is about a message of the user: name one, or change the text of a reply instead.');
    end if;
    parent_of_new := target.parent_id;
  end if;
  insert into public.messages (
    session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content,
    metadata, created_at, updated_at)
  values (
    session.session_id, session.owner_id, parent_of_new, gen_random_uuid(),
    session.turn_count + 1, session.message_count + 1,
    1 + coalesce((select depth from public.messages where message_id = parent_of_new), 0),
    'user', said, coalesce(nullif(message_metadata, 'null'), '{}'), begun_at, begun_at)
  returning * into question;
  return question;
end
$$;

revoke all on function
  private.read_target(public.sessions, uuid),
  private.place_question(public.sessions, text, public.messages, text, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_target(public.sessions, uuid),
  private.place_question(public.sessions, text, public.messages, text, jsonb, timestamptz)
to service_role;

-- supabase/schemas/turn/read_context.sql

-- The prompt of a reply: {principal, message_id}; the body is {message_id, stream_id, action, provider,
-- model, system_prompt, settings, summary, messages, attachments, facts, tokens: {in, out}, created_at},
-- where summary covers the conversation before the messages, and facts are the dossier's.
create function public.read_context(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  is_visible boolean;
  generation public.generations;
  summary_sent text;
begin
  perform private.act_as(principal_id);
  is_visible := exists (
    select from public.messages message
    join public.sessions session on session.session_id = message.session_id
    where message.message_id = wanted_id and session.is_active);
  perform set_config('role', own_role, true);
  if not is_visible then
    perform private.refuse_unknown_message();
  end if;
  select * into generation from public.generations
  where message_id = wanted_id and sent_from_depth is not null;
  if not found then
    perform private.refuse(404, 'not_found',
      'For this message no model was asked, or what it was sent has not been kept: name a reply.');
  end if;
  select summary into summary_sent from public.session_summaries
  where session_id = generation.session_id
    and until_message_id = generation.summary_until_id;
  return private.answer(jsonb_build_object(
    'message_id', generation.message_id,
    'stream_id', generation.stream_id,
    'action', generation.action,
    'provider', generation.provider,
    'model', generation.model,
    'system_prompt', case
      when generation.summary_heading is null or summary_sent is null then generation.system_prompt
      else concat(generation.system_prompt, generation.summary_heading, summary_sent)
    end,
    'settings', generation.settings,
    'summary', summary_sent,
    'messages', private.read_sent_messages(principal_id, generation),
    'attachments', coalesce((
      select question.metadata -> 'attachments' from public.messages question
      where question.message_id = generation.user_message_id), '[]'),
    'facts', private.describe_facts(generation),
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

revoke all on function public.read_context(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_context(jsonb) to service_role;

-- supabase/schemas/turn/read_history.sql

-- A conversation's history for a prompt: the newest messages on the path to the leaf that fit into the
-- budget, oldest first, starting with a user's message, as [{"role", "content"}]; and the depth of the first,
-- null when there is none. The cost depends on the result, not on the conversation's length. Reads with the
-- principal's rights.
create function private.read_history(
  principal_id uuid, leaf_id uuid, budget_tokens integer,
  out messages jsonb, out from_depth integer
)
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  own_role constant text := current_setting('role');
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select leaf.parent_id, leaf.depth, leaf.role, leaf.content, 1 as steps,
      budget_tokens - private.estimate_tokens(leaf.content) as tokens_left
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.parent_id, parent.depth, parent.role, parent.content, child.steps + 1,
      child.tokens_left - private.estimate_tokens(parent.content)
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.tokens_left > 0 and child.steps < max_messages
  ),
  fitting as (
    select depth, role, content from path where tokens_left >= 0 and content <> ''
  )
  select
    coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth), '[]'),
    min(depth)
  into read_history.messages, read_history.from_depth
  from fitting
  where depth >= (select min(depth) from fitting where role = 'user');
  perform set_config('role', own_role, true);
end
$$;

revoke all on function private.read_history(uuid, uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.read_history(uuid, uuid, integer) to service_role;

-- supabase/schemas/turn/read_sent_messages.sql

-- The messages that the model was sent for this generation, oldest first, as [{"message_id", "role",
-- "content"}]: the part of the path that was sent, with the texts of that time, and the instruction, which is
-- not a message. Reads with the principal's rights.
create function private.read_sent_messages(principal_id uuid, generation public.generations)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  newest_id uuid := coalesce(generation.continued_from_id, generation.user_message_id);
  sent jsonb;
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select newest.message_id, newest.session_id, newest.parent_id, newest.depth, newest.role,
      newest.content
    from public.messages newest
    where newest.message_id = newest_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, parent.depth, parent.role,
      parent.content
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > generation.sent_from_depth
  )
  select jsonb_agg(
    jsonb_build_object(
      'message_id', path.message_id,
      'role', path.role,
      'content', coalesce(replaced.content, path.content))
    order by path.depth)
  into sent
  from path
  left join lateral (
    select revision.content
    from public.message_revisions revision
    where revision.session_id = path.session_id and revision.message_id = path.message_id
      and revision.last_epoch >= generation.epoch
    order by revision.revision
    limit 1
  ) replaced on true
  where path.content <> '';
  perform set_config('role', own_role, true);
  if generation.instruction is not null then
    sent := sent || jsonb_build_object(
      'message_id', null, 'role', 'user', 'content', generation.instruction);
  end if;
  return sent;
end
$$;

revoke all on function private.read_sent_messages(uuid, public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.read_sent_messages(uuid, public.generations) to service_role;

-- supabase/schemas/turn/read_turn.sql

-- Reads a stored or running reply: {principal, stream_id | generation_id, after_bytes}; returns {status,
-- stream_id, generation_id, epoch, session_id, project_id, user_id, message_id, user_message_id, turn_number,
-- action, base_bytes, saved_bytes, text, is_final, cancel_requested, error_code, finish_reason, provider,
-- model, usage, title}, and `dossier` if the turn has asked for it. text is the stored text after the first
-- after_bytes bytes, as it was streamed, even if the message was edited since; empty for a caller that has
-- more than is stored. message_id is null when the reply has ended without text.
create function public.read_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  after_bytes_text text := coalesce(request ->> 'after_bytes', '0');
  after_bytes integer;
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted public.generations;
  answer jsonb;
begin
  if after_bytes_text !~ '^[0-9]{1,9}$' then
    perform private.refuse(422, 'invalid_request',
      'after_bytes must be 0 or more: the UTF-8 bytes of the reply that are known.');
  end if;
  after_bytes := after_bytes_text::integer;
  wanted := private.find_generation(principal_id, request);
  perform private.end_if_silent(wanted);

  -- One statement, so that chunks are not deleted by an end of the reply between two reads.
  select jsonb_build_object(
    'status', generation.status,
    'stream_id', generation.stream_id,
    'generation_id', generation.generation_id,
    'epoch', generation.epoch,
    'session_id', session.session_id,
    'project_id', session.project_id,
    'user_id', generation.owner_id,
    'message_id', case
      when generation.status = 'streaming' or generation.saved_bytes > 0 then generation.message_id
    end,
    'user_message_id', generation.user_message_id,
    'turn_number', question.turn_number,
    'action', generation.action,
    'base_bytes', generation.base_bytes,
    'saved_bytes', generation.saved_bytes,
    'text', coalesce(
      case generation.status
        when 'streaming' then private.text_after(chunks.text, chunks.from_offset, after_bytes)
        else private.text_after(coalesce(first_text.content, message.content), 0, after_bytes)
      end, ''),
    'is_final', generation.status <> 'streaming',
    'cancel_requested', generation.cancel_requested,
    'error_code', generation.error_code,
    'finish_reason', generation.finish_reason,
    'provider', generation.provider,
    'model', generation.model,
    'usage', case when generation.input_tokens is not null or generation.output_tokens is not null
      then jsonb_build_object(
        'input_tokens', generation.input_tokens, 'output_tokens', generation.output_tokens)
    end,
    'title', session.title)
    || private.dossier_after_turn(generation, session.project_id)
  into answer
  from public.generations generation
  join public.sessions session on session.session_id = generation.session_id
  join public.messages question on question.message_id = generation.user_message_id
  cross join lateral (
    select string_agg(chunk.text, '' order by chunk.from_offset) as text,
      min(chunk.from_offset) as from_offset
    from public.generation_chunks chunk
    where chunk.generation_id = generation.generation_id
      and chunk.from_offset + octet_length(chunk.text) > after_bytes
  ) chunks
  left join public.messages message on message.message_id = generation.message_id
  left join public.message_revisions first_text
    on first_text.session_id = message.session_id
    and first_text.message_id = message.message_id and first_text.revision = 1
  where generation.generation_id = wanted.generation_id;
  return answer;
end
$$;

revoke all on function public.read_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_turn(jsonb) to service_role;

-- supabase/schemas/turn/read_turn_history.sql

-- The history for a turn's prompt, without the new text or the instruction. The question, and a reply that is
-- continued, are always included, however small the budget is. A summary takes at most half of the rest.
create function private.read_turn_history(
  principal_id uuid, question public.messages, continued public.messages, request jsonb
) returns private.turn_history
language plpgsql set search_path = '' as $$
declare
  -- Summaries that are never made must not make turns slower and slower.
  max_summary_steps constant integer := 1000;
  turn_action text := coalesce(request ->> 'action', 'say');
  budget_tokens integer := (request ->> 'history_budget_tokens')::integer
    - private.estimate_tokens(question.content)
    - coalesce(private.estimate_tokens(continued.content), 0)
    - coalesce(private.estimate_tokens(request ->> 'instruction'), 0);
  summary public.session_summaries := private.summary_on_path(
    question.session_id, question.parent_id, max_summary_steps);
  summary_tokens integer := private.estimate_tokens(
    coalesce(request ->> 'summary_heading', '') || summary.summary);
  history private.turn_history;
begin
  if summary_tokens * 2 > budget_tokens then
    summary := null;
  end if;
  select older.messages, coalesce(older.from_depth, question.depth)
  into history.messages, history.from_depth
  from private.read_history(
    principal_id, question.parent_id,
    budget_tokens - case when summary.summary is null then 0 else summary_tokens end) older;
  if history.from_depth > 1 then
    history.summary := summary.summary;
    history.summary_until_id := summary.until_message_id;
  end if;
  if turn_action in ('regenerate', 'continue') then
    history.messages := history.messages
      || jsonb_build_object('role', question.role, 'content', question.content);
  end if;
  if turn_action = 'continue' then
    history.messages := history.messages
      || jsonb_build_object('role', continued.role, 'content', continued.content);
  end if;
  return history;
end
$$;

revoke all on function private.read_turn_history(uuid, public.messages, public.messages, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.read_turn_history(uuid, public.messages, public.messages, jsonb)
to service_role;

-- supabase/schemas/turn/reap_generations.sql

-- Ends replies whose writers are silent. A request that needs such a reply ends it itself
-- (private.end_if_silent); this ends the others.

-- Ends replies that have been silent for too long, keeping their saved text: {limit?}, the number of replies
-- in one call; returns {reaped}. Background work calls it, without a principal. It skips locked rows: they
-- are left for the next call.
create function public.reap_generations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how many sessions one call locks.
  default_limit constant integer := 100;
  max_limit constant integer := 1000;
  -- How long a call of begin_turn may still arrive after it was given up.
  withdrawal_lifetime constant interval := '1 hour';
  limit_given constant numeric := (request ->> 'limit')::numeric;
  row_limit constant integer :=
    least(greatest(coalesce(limit_given, default_limit), 0), max_limit);
  silent record;
  generation public.generations;
  reaped integer := 0;
begin
  for silent in
    -- Few replies are running, and generation_streaming_in_session contains only those: an index by heartbeat
    -- would have to be updated with each heartbeat.
    select running.generation_id, running.session_id
    from public.generations running
    where running.status = 'streaming' and private.is_silent(running)
    order by running.heartbeat_at
  loop
    exit when reaped >= row_limit;
    perform from public.sessions where session_id = silent.session_id
    for no key update skip locked;
    continue when not found;
    select * into generation from public.generations
    where generation_id = silent.generation_id
    for no key update skip locked;
    if found and generation.status = 'streaming' and private.is_silent(generation) then
      perform private.end_for_silence(generation);
      reaped := reaped + 1;
    end if;
  end loop;
  delete from public.withdrawn_calls where created_at < clock_timestamp() - withdrawal_lifetime;
  return jsonb_build_object('reaped', reaped);
end
$$;

revoke all on function public.reap_generations(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.reap_generations(jsonb) to service_role;

-- Runs every minute if the database has pg_cron; the development server uses a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-reap-generations', '* * * * *',
      $job$select public.reap_generations('{"limit": 1000}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'silent replies are not ended by pg_cron: %', sqlerrm;
end
$$;

-- supabase/schemas/turn/reopen_generation.sql

-- For a writer that was only slow: its reply was ended for silence although it is alive. Unless the
-- conversation has gone on since, the writer continues its reply as if it had never been silent.

-- Returns the generation, streaming again if that is possible, unchanged otherwise. The caller has locked the
-- session and the generation. The message, if there is one, is what readers see until the reply ends.
create function private.reopen_generation(generation public.generations)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  content text;
begin
  if not generation.ended_by_silence then
    return generation;
  end if;
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch then
    return generation;
  end if;
  if generation.saved_bytes > 0 then
    -- A person has edited the reply's message.
    select message.content into content from public.messages message
    where message.message_id = generation.message_id and message.revision = 1;
    if not found then
      return generation;
    end if;
  elsif generation.base_bytes > 0 then
    -- It has added nothing yet to the reply that it continues, so it needs that reply's text of that time.
    select continued.content into content from public.messages continued
    where continued.message_id = generation.continued_from_id
      and octet_length(continued.content) = generation.base_bytes
      and not exists (
        select from public.message_revisions replaced
        where replaced.session_id = continued.session_id
          and replaced.message_id = continued.message_id
          and replaced.last_epoch >= generation.epoch);
    if not found then
      return generation;
    end if;
  end if;

  -- Counts the turn once: the counted end is removed, or only the difference is counted later.
  delete from public.turn_ends counted
  where counted.generation_id = generation.generation_id and counted.status = 'interrupted';
  if not found then
    update public.generations set save_count = 0, is_end_counted = true
    where generation_id = generation.generation_id;
  end if;
  if content <> '' then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, content);
  end if;
  update public.generations
  set status = 'streaming', finished_at = null, error_code = null, ended_by_silence = false,
      saved_bytes = coalesce(octet_length(content), 0), heartbeat_at = clock_timestamp()
  where generation_id = generation.generation_id
  returning * into generation;
  -- The path that the end of the reply restored.
  update public.sessions
  set active_leaf_id = generation.user_message_id
  where session_id = generation.session_id
    and active_leaf_id = generation.previous_leaf_id
    and not exists (
      select from public.messages where message_id = generation.message_id);
  return generation;
end
$$;

revoke all on function private.reopen_generation(public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.reopen_generation(public.generations) to service_role;

-- supabase/schemas/turn/request_cancel.sql

-- Cancels a reply that is being written. The writer learns it from its next save (append_chunk), and ends the
-- reply as stopped.

-- Asks the running reply of a stream to stop: {principal, stream_id, body: {epoch?}}; the body of the answer
-- is {stream_id, epoch, status, cancel_requested}. With another epoch than the stream's, or after the reply
-- has ended, nothing changes, and the answer says so: a late cancel cannot stop a newer reply.
create function public.request_cancel(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  meant_epoch_text constant text := request -> 'body' ->> 'epoch';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  generation public.generations;
begin
  if meant_epoch_text !~ '^[1-9][0-9]{0,17}$' then
    perform private.refuse(422, 'invalid_request',
      'epoch must be a whole number from 1 on, as told with the stream: or leave it out.');
  end if;
  generation := private.find_generation(
    principal_id, jsonb_build_object('stream_id', request -> 'stream_id'));
  -- A silent writer would not learn of the cancel.
  perform private.end_if_silent(generation);

  update public.generations
  set cancel_requested = true
  where generation_id = generation.generation_id and status = 'streaming'
    and epoch = coalesce(meant_epoch_text::bigint, epoch) and not cancel_requested;
  -- A reply that was ended for silence stays ended, even if its writer is alive.
  update public.generations
  set ended_by_silence = false
  where generation_id = generation.generation_id and ended_by_silence
    and epoch = coalesce(meant_epoch_text::bigint, epoch);
  select * into generation from public.generations
  where generation_id = generation.generation_id;
  return private.answer(jsonb_build_object(
    'stream_id', generation.stream_id,
    'epoch', generation.epoch,
    'status', generation.status,
    'cancel_requested', generation.cancel_requested));
end
$$;

revoke all on function public.request_cancel(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.request_cancel(jsonb) to service_role;

-- supabase/schemas/turn/silence.sql

-- Whether the writer of a streaming generation is taken for dead. Only the database's clock decides:
-- heartbeats are written with it, and no other clock's time is compared with it. A writer without any
-- heartbeat is given less time: a live writer sends one within 5 seconds, and one that was only slow may
-- reopen its reply.
create function private.is_silent(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  silence_limit constant interval := '60 seconds';
  first_silence_limit constant interval := '20 seconds';
begin
  return generation.heartbeat_at <= clock_timestamp() - case
    when generation.heartbeat_at = generation.started_at then first_silence_limit
    else silence_limit end;
end
$$;

-- Ends a streaming generation whose writer is silent. The caller has locked the session and the generation.
create function private.end_for_silence(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.close_generation(
    generation, '{"status": "interrupted", "error_code": "interrupted"}');
  update public.generations set ended_by_silence = true
  where generation_id = generation.generation_id;
end
$$;

-- Ends this generation if its writer is silent; the caller has locked nothing else.
create function private.end_if_silent(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  if generation.status <> 'streaming' or not private.is_silent(generation) then
    return;
  end if;
  perform from public.sessions where session_id = generation.session_id for no key update;
  -- Read again: it may have gone on, or ended, before it was locked.
  select * into generation from public.generations
  where generation_id = generation.generation_id
  for no key update;
  if generation.status = 'streaming' and private.is_silent(generation) then
    perform private.end_for_silence(generation);
  end if;
end
$$;

-- Refuses while a turn runs in the session; a turn whose writer is silent is ended instead. The caller has
-- locked the session.
create function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  retry_after_seconds constant text := '2';
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if not private.is_silent(running) then
    perform private.refuse(409, 'turn_in_progress',
      'A reply is still being written in this session: wait until it ends, or cancel it.',
      retry_after_seconds);
  end if;
  perform private.end_for_silence(running);
end
$$;

revoke all on function
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
to service_role;

-- supabase/schemas/turn/start_generation.sql

-- Inserts the running generation, with all that explains it later, such as the facts in the prompt. `session`
-- is in its state before this turn, `bot` is nulls when no bot is asked.
create function private.start_generation(
  session public.sessions, question public.messages, continued public.messages, bot public.bots,
  history private.turn_history, request jsonb, begun_at timestamptz
) returns public.generations
language plpgsql set search_path = '' as $$
declare
  max_reply_bytes constant integer := 4194304;
  turn_action text := coalesce(request ->> 'action', 'say');
  base_bytes integer := coalesce(octet_length(continued.content), 0);
  -- Another owner's bot keeps its instructions secret, even from the user of the turn.
  bot_system text := case when bot.owner_id = session.owner_id then bot.system end;
  generation public.generations;
begin
  if base_bytes >= max_reply_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'This reply has %s bytes and cannot go on: say something instead.', max_reply_bytes));
  end if;
  insert into public.generations (
    owner_id, session_id, stream_id, user_message_id, epoch, provider, model, action, base_bytes,
    saved_bytes, continued_from_id, previous_leaf_id, sent_from_depth, summary_until_id,
    summary_heading, instruction, system_prompt, settings, idempotency_key, request_hash, bot_id,
    dossier_version, dossier_facts, reads_question, prompt, call_id, started_at, heartbeat_at)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, coalesce(request ->> 'provider', bot.provider),
    coalesce(request ->> 'model', bot.model), turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    history.from_depth, history.summary_until_id,
    case when history.summary_until_id is not null then request ->> 'summary_heading' end,
    request ->> 'instruction', coalesce(request ->> 'system_prompt', bot_system),
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when coalesce(request ->> 'idempotency_key', request ->> 'stream_id') is not null
      then request ->> 'request_hash' end,
    bot.bot_id, (request ->> 'dossier_version')::bigint,
    coalesce(request -> 'dossier_facts', '[]'),
    coalesce((request ->> 'extract')::boolean, false), request ->> 'prompt',
    private.read_id(request, 'call_id'), begun_at, begun_at)
  on conflict (owner_id, stream_id) do nothing
  returning * into generation;
  if not found then
    -- A guest has just moved to this account: the name was free a moment ago.
    perform private.refuse_stream();
  end if;
  if base_bytes > 0 then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, continued.content);
  end if;
  return generation;
end
$$;

revoke all on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
to service_role;

-- supabase/schemas/turn/store_reply.sql

-- Stores the end of a streaming generation: its text becomes the assistant's message, and its chunks are
-- deleted. The caller has locked the session and the generation. `outcome` is finish_turn's request. A run
-- that has added nothing stores nothing, and restores the path. The message exists already if the reply was
-- ended for silence and reopened.
create function private.store_reply(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  has_said_something boolean;
  is_known boolean;
  question public.messages;
begin
  select coalesce(string_agg(chunk.text, '' order by chunk.from_offset), '') into content
  from public.generation_chunks chunk
  where chunk.generation_id = generation.generation_id;
  content := content || private.text_beyond(
    generation.saved_bytes,
    coalesce((outcome ->> 'from_offset')::integer, generation.saved_bytes),
    outcome ->> 'text');
  has_said_something := octet_length(content) > generation.base_bytes;

  update public.generations
  set status = outcome ->> 'status',
      saved_bytes = case when has_said_something then octet_length(content) else 0 end,
      provider = coalesce(outcome ->> 'provider', provider),
      model = coalesce(outcome ->> 'model', model),
      finish_reason = outcome ->> 'finish_reason',
      error_code = outcome ->> 'error_code',
      input_tokens = (usage ->> 'input_tokens')::integer,
      output_tokens = (usage ->> 'output_tokens')::integer,
      first_token_ms = (outcome ->> 'first_token_ms')::integer,
      latency_ms = (outcome ->> 'latency_ms')::integer,
      finished_at = ended_at
  where generation_id = generation.generation_id
  returning * into generation;
  perform private.record_turn_calls(generation, outcome);

  delete from public.generation_chunks where generation_id = generation.generation_id;

  if not has_said_something then
    update public.sessions
    set active_leaf_id = generation.previous_leaf_id
    where session_id = generation.session_id
      and active_leaf_id = generation.user_message_id
      and generation.previous_leaf_id is not null;
    return;
  end if;

  select * into question from public.messages where message_id = generation.user_message_id;
  is_known := exists (select from public.messages where message_id = generation.message_id);

  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role,
    content, status, provider, model, input_tokens, output_tokens, metadata, created_at, updated_at)
  select
    generation.message_id, session.session_id, session.owner_id, question.message_id,
    question.turn_id, question.turn_number, session.message_count + 1, question.depth + 1,
    'assistant', content,
    generation.status, generation.provider, generation.model,
    generation.input_tokens, generation.output_tokens,
    jsonb_strip_nulls(jsonb_build_object(
      'status', generation.status,
      'finish_reason', generation.finish_reason,
      'error_code', generation.error_code,
      'stream_id', generation.stream_id,
      'continued_from', generation.continued_from_id)),
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id
  on conflict (message_id) do update
  set content = excluded.content, status = excluded.status, provider = excluded.provider,
      model = excluded.model, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, metadata = excluded.metadata;

  -- The path may have moved while the model wrote: then the reply is another take beside it.
  update public.sessions
  set message_count = message_count + (not is_known)::integer,
      last_message_at = ended_at,
      active_leaf_id = case
        when active_leaf_id = question.message_id then generation.message_id
        else active_leaf_id
      end
  where session_id = generation.session_id;
end
$$;

revoke all on function private.store_reply(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.store_reply(public.generations, jsonb) to service_role;

-- supabase/schemas/turn/text_after.sql

-- `content`, which begins at byte `from_offset` of a reply, without the reply's first `after_bytes`. All
-- offsets that we send lie between characters. An offset inside a character was counted in other units
-- (characters, or UTF-16), and rounding it would silently lose or repeat text, so it is refused.
create function private.text_after(content text, from_offset integer, after_bytes integer)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  known_bytes integer := greatest(after_bytes - from_offset, 0);
  bytes bytea;
begin
  if known_bytes = 0 then
    return content;
  end if;
  if known_bytes >= octet_length(content) then
    return '';
  end if;
  bytes := convert_to(content, 'UTF8');
  if get_byte(bytes, known_bytes) & 192 = 128 then
    perform private.refuse(422, 'invalid_request',
      'The offset lies inside a character: it counts UTF-8 bytes, as told with the stream.');
  end if;
  return convert_from(substr(bytes, known_bytes + 1), 'UTF8');
end
$$;

revoke all on function private.text_after(text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function private.text_after(text, integer, integer) to service_role;

-- supabase/schemas/turn/text_beyond.sql

-- Saving a reply while it is made. Offsets count UTF-8 bytes of the reply's text. Locks are taken in the
-- order session, generation, everywhere.

-- The part of `sent`, the reply's text from `from_offset` on, that follows the first `saved_bytes` bytes. A
-- caller whose answer was lost sends again from the same offset, perhaps with more, and one call may overtake
-- another; so known text is skipped, and a gap is refused.
create function private.text_beyond(saved_bytes integer, from_offset integer, sent text)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  -- A reply of a million tokens; a longer one means that the model repeats itself.
  max_reply_bytes constant integer := 4194304;
  bytes bytea := convert_to(coalesce(sent, ''), 'UTF8');
  known_bytes integer := saved_bytes - from_offset;
begin
  if from_offset is null or from_offset < 0 or known_bytes < 0 then
    perform private.refuse(422, 'invalid_request', format(
      'from_offset must be 0 to %s, the bytes that are saved: send the text from there.',
      saved_bytes));
  end if;
  if from_offset + length(bytes) > max_reply_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'A reply may have %s bytes: finish the turn with what is saved.', max_reply_bytes));
  end if;
  if known_bytes >= length(bytes) then
    return '';
  end if;
  -- Inside a character: this is not the text that was sent before.
  if get_byte(bytes, known_bytes) & 192 = 128 then
    perform private.refuse(422, 'invalid_request',
      'text differs from what was saved of this reply: send the same text again.');
  end if;
  return convert_from(substr(bytes, known_bytes + 1), 'UTF8');
end
$$;

revoke all on function private.text_beyond(integer, integer, text)
from public, anon, authenticated, service_role;
grant execute on function private.text_beyond(integer, integer, text) to service_role;

-- supabase/schemas/turn/withdraw_turn.sql

-- Withdraws a call of begin_turn whose caller has given up, because it was not answered in time: whether the
-- call has run, runs, or still waits somewhere, it leaves no turn. No clock is used, so neither delays nor
-- wrong clocks matter.

-- From here to the end of the transaction, begin_turn and withdraw_turn of the same call exclude each other.
create function private.lock_call(call_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(call_id::text, 2));
end
$$;

-- Refuses to begin a turn that was given up: `call_id` is withdrawn, or more than `wait_ms` has passed since
-- the transaction began. begin_turn calls it when it has its locks.
create function private.check_still_awaited(call_id uuid, wait_ms integer) returns void
language plpgsql set search_path = '' as $$
begin
  if clock_timestamp() > transaction_timestamp() + make_interval(secs => wait_ms / 1000.0)
    or exists (
      select from public.withdrawn_calls withdrawn
      where withdrawn.call_id = check_still_awaited.call_id)
  then
    perform private.refuse(503, 'database_unavailable',
      'This took too long, and nothing was begun: send the request again.', '1');
  end if;
end
$$;

-- Undoes the turn that a call of begin_turn has begun, or keeps it from beginning one: {call_id}; returns
-- {withdrawn}, true when a turn was undone. Calling again changes nothing.
create function public.withdraw_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_call_id constant uuid := private.read_id(request, 'call_id');
  generation public.generations;
  question public.messages;
  session public.sessions;
  leaf_id uuid;
  is_withdrawn boolean := false;
begin
  if wanted_call_id is null then
    perform private.refuse(422, 'invalid_request', 'call_id must name a call of begin_turn.');
  end if;
  perform private.lock_call(wanted_call_id);
  insert into public.withdrawn_calls (call_id) values (wanted_call_id) on conflict do nothing;

  perform from public.sessions
  where session_id = (
    select session_id from public.generations where call_id = wanted_call_id)
  for no key update;
  select * into generation from public.generations
  where call_id = wanted_call_id
  for no key update;
  if not found then
    return jsonb_build_object('withdrawn', false);
  end if;
  select * into question from public.messages
  where message_id = generation.user_message_id and generation.action in ('say', 'edit');
  if question.created_at <> generation.started_at then
    -- It answers an earlier call's question, whose writer has died without storing text: it is ended the same
    -- way.
    is_withdrawn := generation.status = 'streaming' and generation.save_count = 0;
    if is_withdrawn then
      perform private.end_for_silence(generation);
    end if;
    return jsonb_build_object('withdrawn', is_withdrawn);
  end if;
  is_withdrawn := private.forget_run(generation);
  if is_withdrawn and question.message_id is not null then
    leaf_id := question.parent_id;
    if generation.action = 'edit' then
      -- The path went on through the edited message.
      select private.newest_leaf_below(message) into leaf_id
      from public.messages message
      where message.session_id = question.session_id
        and message.parent_id is not distinct from question.parent_id
        and message.message_id <> question.message_id
      order by message.position desc
      limit 1;
    end if;
    update public.sessions
    set active_leaf_id = case when active_leaf_id = question.message_id then leaf_id
          else active_leaf_id end,
        turn_count = turn_count - (turn_count = question.turn_number)::integer,
        message_count = message_count - (message_count = question.position)::integer
    where session_id = generation.session_id
    returning * into session;
    delete from public.messages where message_id = question.message_id;
    -- The session was made for this turn alone.
    if session.message_count = 0 and generation.epoch = 1 then
      delete from public.sessions where session_id = session.session_id;
      delete from public.projects
      where project_id = session.project_id and created_at = session.created_at;
    end if;
  end if;
  return jsonb_build_object('withdrawn', is_withdrawn);
end
$$;

revoke all on function
  private.lock_call(uuid),
  private.check_still_awaited(uuid, integer),
  public.withdraw_turn(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.lock_call(uuid),
  private.check_still_awaited(uuid, integer),
  public.withdraw_turn(jsonb)
to service_role;

-- supabase/schemas/usage/count_of.sql

-- Converts a JSON number for an integer column: null for other values, clamped to the column's range.
create function private.count_of(number jsonb) returns integer
language sql immutable parallel safe
return case when pg_catalog.jsonb_typeof(number) = 'number'
  then least(greatest(number::numeric, 0), 2147483647)::integer end;

revoke all on function private.count_of(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.count_of(jsonb) to service_role;

-- supabase/schemas/usage/delete_model_calls.sql

-- Removes a deleted principal's rows, because the ledger has no foreign key.
create function private.delete_model_calls() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.model_calls where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_model_calls() from public, anon, authenticated, service_role;

-- Runs after the cascades, which wait for turns that are ending.
create trigger delete_model_calls after delete on public.principals
  for each row execute function private.delete_model_calls();

-- supabase/schemas/usage/delete_old_model_calls.sql

-- Deletes old rows of the ledger: {limit?}; returns {deleted}. Background work calls it, without a principal,
-- until nothing is left.
create function public.delete_old_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  lifetime constant interval := '400 days';
  default_limit constant integer := 10000;
  max_limit constant integer := 100000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  delete from public.model_calls
  where model_call_id in (
    select model_call_id from public.model_calls
    where created_at < clock_timestamp() - lifetime
    order by created_at
    limit row_limit);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_old_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_old_model_calls(jsonb) to service_role;

-- Runs every day if the database has pg_cron; the development server uses a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-delete-old-model-calls', '17 4 * * *',
      $job$select public.delete_old_model_calls('{"limit": 100000}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'old rows of the ledger are not deleted by pg_cron: %', sqlerrm;
end
$$;

-- supabase/schemas/usage/record_lost_call.sql

-- Records one call of unknown tokens for a worker whose lease has expired, until the worker reports its
-- calls.
create function private.record_lost_call(job public.jobs, step public.job_steps) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.record_step_calls(job, step, '[{"status": "interrupted"}]');
end
$$;

revoke all on function private.record_lost_call(public.jobs, public.job_steps)
from public, anon, authenticated, service_role;
grant execute on function private.record_lost_call(public.jobs, public.job_steps) to service_role;

-- supabase/schemas/usage/record_model_calls.sql

-- Records calls of a step that is deleted or has gone to another worker: {job_id, step, kind, user_id,
-- project_id?, lease_token, calls}, as returned by claim_step. Returns {}.
create function public.record_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  common public.model_calls;
begin
  common.source_id := private.read_id(request, 'lease_token');
  common.kind := request ->> 'kind';
  common.step := (request ->> 'step')::integer;
  select job_id, owner_id into common.job_id, common.owner_id
  from public.jobs where job_id = private.read_id(request, 'job_id')
  for key share;
  -- A deleted account has no ledger.
  if not found then
    select id into common.owner_id from public.principals
    where id = private.read_id(request, 'user_id')
    for key share;
  end if;
  if common.owner_id is not null and common.source_id is not null then
    common.project_id := private.read_id(request, 'project_id');
    perform private.write_model_calls(common, request -> 'calls');
  end if;
  return '{}';
end
$$;

revoke all on function public.record_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_model_calls(jsonb) to service_role;

-- supabase/schemas/usage/record_step_calls.sql

-- Records the calls of an attempt at a step.
create function private.record_step_calls(
  job public.jobs, step public.job_steps, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  common public.model_calls;
begin
  common.owner_id := job.owner_id;
  common.source_id := step.lease_token;
  common.job_id := job.job_id;
  common.step := step.step;
  common.kind := job.kind;
  common.project_id := coalesce(job.project_id, (
    select project_id from public.sessions where session_id = job.session_id));
  perform private.write_model_calls(common, calls);
end
$$;

revoke all on function private.record_step_calls(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.record_step_calls(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/usage/record_turn_calls.sql

-- Records the calls of a turn that has ended: `attempts` of finish_turn, or, if its writer has died and
-- reported none, one call from the generation's row. If a call was ended before the provider reported its
-- usage, its output tokens are estimated from the text.
create function private.record_turn_calls(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  attempts jsonb := outcome -> 'attempts';
  made_tokens constant integer := private.estimate_tokens(
    repeat('.', greatest(generation.saved_bytes - generation.base_bytes, 0)));
  common public.model_calls;
  last integer;
begin
  select generation.owner_id, generation.generation_id, generation.generation_id, session.kind,
    session.project_id, generation.finished_at
  into common.owner_id, common.source_id, common.generation_id, common.kind, common.project_id,
    common.created_at
  from public.sessions session
  where session.session_id = generation.session_id;
  if jsonb_typeof(attempts) is distinct from 'array' then
    attempts := jsonb_build_array(jsonb_build_object(
      'provider', generation.provider, 'model', generation.model, 'status', generation.status,
      'input_tokens', generation.input_tokens, 'output_tokens', generation.output_tokens,
      'error_code', generation.error_code,
      'started_at', floor(extract(epoch from generation.started_at) * 1000),
      'first_token_ms', generation.first_token_ms, 'latency_ms', generation.latency_ms));
  end if;
  last := jsonb_array_length(attempts) - 1;
  if last >= 0 and jsonb_typeof(attempts -> last) = 'object' then
    attempts := jsonb_set(attempts, array[last::text, 'estimated_output_tokens'],
      to_jsonb(made_tokens));
  end if;
  perform private.write_model_calls(common, attempts);
end
$$;

revoke all on function private.record_turn_calls(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.record_turn_calls(public.generations, jsonb) to service_role;

-- supabase/schemas/usage/take_rate_limit.sql

-- Counts refusals by rate limits. It is a sequence, because a refusal rolls back all else that its
-- transaction has written. (A crash of the server may skip up to 32.)
create sequence private.rate_limited as bigint;

grant usage, select on sequence private.rate_limited to service_role;

-- Counts one use of the action, or refuses: a burst of max_requests, then one more after each max_requests-th
-- part of the window. A refusal uses nothing; its hint is the seconds to wait. Returns {limit, remaining,
-- reset_s}: the size of the burst, how much of it is left, and after how many seconds all of it is available
-- again.
create function private.take_rate_limit(
  principal_id uuid, action text, max_requests integer, window_seconds integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  cost interval;
  -- The sum of the costs, because rounding could make the window smaller than it.
  allowance interval;
  used interval;
  taken_at timestamptz;
  wait_seconds integer;
  bucket public.rate_limits;
begin
  if max_requests is null or max_requests < 1 or window_seconds is null or window_seconds < 1 then
    perform private.refuse(422, 'invalid_request',
      'A rate limit must be at least one request in at least one second.');
  end if;
  cost := make_interval(secs => window_seconds::double precision / max_requests);
  allowance := cost * max_requests;

  -- The principal is locked before their rows, as everywhere, so that a transaction that has locked the
  -- principal need not wait for these rows.
  perform private.hold_principal(principal_id);

  -- At most twice: a concurrent first use may have inserted the row.
  for attempt in 1..2 loop
    select * into bucket from public.rate_limits limited
    where limited.owner_id = principal_id and limited.action = take_rate_limit.action
    for no key update;
    taken_at := clock_timestamp();
    used := greatest(bucket.full_at - taken_at, interval '0') + cost;
    if found then
      if used > allowance then
        wait_seconds := ceil(extract(epoch from used - allowance));
        perform nextval('private.rate_limited');
        perform private.refuse(429, 'rate_limited',
          format('Too many requests: try again in %s s.', wait_seconds), wait_seconds::text);
      end if;
      update public.rate_limits limited
      set full_at = greatest(bucket.full_at, taken_at) + cost
      where limited.owner_id = principal_id and limited.action = take_rate_limit.action;
      exit;
    end if;
    insert into public.rate_limits (owner_id, action, full_at)
    values (principal_id, take_rate_limit.action, taken_at + cost)
    on conflict do nothing;
    exit when found;
  end loop;
  return jsonb_build_object(
    'limit', max_requests,
    'remaining', floor(extract(epoch from allowance - used) / extract(epoch from cost)),
    'reset_s', ceil(extract(epoch from used)));
end
$$;

revoke all on function private.take_rate_limit(uuid, text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function private.take_rate_limit(uuid, text, integer, integer) to service_role;

-- supabase/schemas/usage/write_model_calls.sql

-- Writes calls to the ledger: an array of {provider, model, status, started_at?, latency_ms?,
-- first_token_ms?, input_tokens?, cached_tokens?, cache_write_tokens?, output_tokens?, reasoning_tokens?,
-- cost_usd?, error_code?, round?}, started_at in milliseconds since the epoch, in the order in which they
-- were made. `common` has owner_id, source_id, generation_id, job_id, step, project_id and kind. A call that
-- is recorded already is updated. Malformed values never refuse the caller: what can be stored of a call is
-- stored.
create function private.write_model_calls(common public.model_calls, calls jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_calls constant integer := 100;
  recorded_at constant timestamptz := coalesce(common.created_at, clock_timestamp());
begin
  if jsonb_typeof(calls) is distinct from 'array' then
    return;
  end if;
  insert into public.model_calls as known (
    owner_id, source_id, place, generation_id, job_id, step, project_id, kind, round, provider, model,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, is_estimated,
    cost_usd, status, error_code, started_at, first_token_ms, latency_ms, created_at)
  select common.owner_id, common.source_id, made.place, common.generation_id, common.job_id,
    common.step, common.project_id, common.kind, greatest(private.count_of(made.call -> 'round'), 1),
    left(made.call ->> 'provider', 64), left(made.call ->> 'model', 256),
    private.count_of(made.call -> 'input_tokens'), private.count_of(made.call -> 'cached_tokens'),
    private.count_of(made.call -> 'cache_write_tokens'),
    coalesce(private.count_of(made.call -> 'output_tokens'),
      private.count_of(made.call -> 'estimated_output_tokens'), 0),
    private.count_of(made.call -> 'reasoning_tokens'),
    private.count_of(made.call -> 'output_tokens') is null,
    case when jsonb_typeof(made.call -> 'cost_usd') = 'number'
      then least(greatest((made.call -> 'cost_usd')::numeric, 0), 999999999) end,
    case when made.call ->> 'status' in
        ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')
      then made.call ->> 'status' else 'failed' end,
    left(nullif(made.call ->> 'error_code', ''), 64),
    to_timestamp(case when jsonb_typeof(made.call -> 'started_at') = 'number'
      then least(greatest((made.call -> 'started_at')::numeric, 0), 4102444800000) / 1000 end),
    private.count_of(made.call -> 'first_token_ms'), private.count_of(made.call -> 'latency_ms'),
    recorded_at
  from jsonb_array_elements(calls) with ordinality as made (call, place)
  where made.place <= max_calls and jsonb_typeof(made.call) = 'object'
  on conflict (source_id, place) do update
  set provider = excluded.provider, model = excluded.model, round = excluded.round,
      input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens,
      cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens,
      reasoning_tokens = excluded.reasoning_tokens, is_estimated = excluded.is_estimated,
      cost_usd = excluded.cost_usd, status = excluded.status, error_code = excluded.error_code,
      started_at = excluded.started_at, first_token_ms = excluded.first_token_ms,
      latency_ms = excluded.latency_ms;
end
$$;

revoke all on function private.write_model_calls(public.model_calls, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_model_calls(public.model_calls, jsonb) to service_role;

-- supabase/schemas/summaries/outdate_summaries.sql

-- A text that was edited is in no summary that was made before, nor in one that is being made. Those
-- of other takes are of later positions too, and are made again in vain. For the dossier it is read again
-- from where it differs, if it was to be read at all; what was found in the old one stays. The session is
-- locked.
create function private.outdate_summaries() returns trigger
language plpgsql set search_path = '' as $$
declare
  kept_bytes integer;
begin
  update public.session_summaries
  set is_stale = true
  where session_id = new.session_id and until_position >= new.position and not is_stale;
  -- Work that has begun begins anew, and its worker finds the lease gone. Queued work is held too: who
  -- is claiming it has read the old text perhaps, and what that makes of the row is seen after waiting.
  update public.job_steps work
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = work.attempts - (work.status = 'running')::integer,
      lease_token = case work.status when 'queued' then work.lease_token end,
      leased_until = case work.status when 'queued' then work.leased_until end,
      run_after = case work.status when 'queued' then work.run_after else clock_timestamp() end
  from public.jobs job
  where job.session_id = new.session_id and work.job_id = job.job_id
    and work.status in ('queued', 'running')
    and (job.kind = 'session_summary'
      or job.kind = 'dossier_extraction' and (work.status = 'queued'
        or work.payload -> 'spans' @> jsonb_build_array(
          jsonb_build_object('message_id', new.message_id))));

  perform from public.message_extractions
  where session_id = new.session_id and message_id = new.message_id;
  if found then
    kept_bytes := octet_length(left(new.content, private.common_prefix(old.content, new.content)));
    update public.message_extractions
    set read_bytes = least(read_bytes, kept_bytes),
        is_done = least(read_bytes, kept_bytes) = octet_length(new.content),
        failures = 0
    where session_id = new.session_id and message_id = new.message_id;
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

revoke all on function private.outdate_summaries() from public, anon, authenticated, service_role;

create trigger outdate_summaries after update of content on public.messages
  for each row when (old.content <> new.content) execute function private.outdate_summaries();

-- supabase/schemas/summaries/plan_summary.sql

-- Adds a job for a summary after a turn whose prompt left out messages that no summary covers. The
-- session is locked.
create function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
  question public.messages;
  covered public.session_summaries;
  until_depth integer;
begin
  select * into question from public.messages where message_id = new.user_message_id;
  covered := private.summary_on_path(new.session_id, question.parent_id, max_steps);
  if new.sent_from_depth - 1 <= (
    select depth from public.messages where message_id = covered.until_message_id)
  then
    return null;
  end if;
  -- After a failure, models are not asked again with every turn.
  if exists (
    select from public.jobs
    where session_id = new.session_id and kind = 'session_summary' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return null;
  end if;
  -- The summary includes half of the messages that still fitted, in whole turns, so that it also covers
  -- messages that the next turns leave out, and a model is not asked after each turn.
  until_depth := new.sent_from_depth - 1 + (question.depth - new.sent_from_depth) / 4 * 2;
  perform private.add_job(jsonb_build_object(
    'kind', 'session_summary', 'owner_id', new.owner_id, 'session_id', new.session_id,
    'merge_key', 'session', 'merge', 'open', 'payload', jsonb_build_object(
      'until_message_id', private.message_on_path(question.parent_id, until_depth))));
  return null;
end
$$;

revoke all on function private.plan_summary() from public, anon, authenticated, service_role;

create trigger plan_summary after update of status on public.generations
  for each row when (
    old.status = 'streaming' and new.status <> 'streaming' and new.sent_from_depth > 1)
  execute function private.plan_summary();

-- supabase/schemas/summaries/session_summary_store.sql

-- Stores a summary that was made (jobs/has_job_hook.sql): the result is {summary} and whatever else is worth
-- keeping. There is more to do while what was summarised does not reach as far as it should.
create function private.session_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  next_id constant uuid := (step.payload ->> 'next_message_id')::uuid;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select job.session_id, message.message_id, job.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;
  return jsonb_build_object(
    'result', outcome - 'summary',
    'has_more', next_id::text <> job.payload ->> 'until_message_id');
end
$$;

revoke all on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/summaries/session_summary_work.sql

-- The input for summarising the next part of a session: {previous_summary | null, messages: [{role,
-- content}], until_message_id}; null when nothing is left to do. Bounded in messages and bytes: the rest is
-- another part.
create function private.session_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  -- Per message: only the beginning of a pasted chapter is summarised.
  max_message_characters constant integer := 4000;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (job.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  work jsonb;
begin
  select * into goal from public.messages where message_id = wanted_id;
  -- The conversation may have been deleted, or may have taken another path.
  if not exists (
    select from public.sessions session
    where session.session_id = job.session_id and session.is_active
      and private.message_on_path(session.active_leaf_id, goal.depth) = wanted_id)
  then
    return null;
  end if;
  covered := private.summary_on_path(job.session_id, wanted_id, no_limit);
  if covered.until_message_id = wanted_id then
    return null;
  end if;
  covered_depth := coalesce(
    (select depth from public.messages where message_id = covered.until_message_id), 0);

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = wanted_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from walked child
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > covered_depth + 1 and child.position <> child.depth
  ),
  listed as (
    select message_id, depth from walked where position <> depth
    union all
    (
      select message_id, depth from public.messages
      where session_id = job.session_id and owner_id = job.owner_id
        and position > covered_depth
        and position <= (select max(depth) from walked where position = depth)
      order by position
      limit max_messages
    )
  ),
  sized as (
    select message.message_id, message.role, message.depth, message.content,
      sum(octet_length(message.content)) over (order by message.depth) as bytes_so_far
    from (select * from listed order by depth limit max_messages) first_ones
    cross join lateral (
      select whole.message_id, whole.role, whole.depth,
        left(whole.content, max_message_characters) as content
      from public.messages whole
      where whole.message_id = first_ones.message_id
      limit 1
    ) message
  )
  select jsonb_build_object(
    'previous_summary', covered.summary,
    'messages', coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth)
        filter (where content <> ''), '[]'),
    'until_message_id', (array_agg(message_id order by depth desc))[1])
  into work
  from sized
  where bytes_so_far <= max_bytes;
  -- The step keeps the id for private.session_summary_store.
  update public.job_steps
  set payload = payload || jsonb_build_object('next_message_id', work -> 'until_message_id')
  where job_id = step.job_id and job_steps.step = session_summary_work.step.step;
  return work;
end
$$;

revoke all on function private.session_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_work(public.jobs, public.job_steps, jsonb) to service_role;

-- supabase/schemas/summaries/summary_on_path.sql

-- The summary that reaches farthest on the path to the leaf; nulls when there is none, or none within
-- this many steps. Where a message's position is its depth, all messages before it are on the path
-- (public.list_messages), so that the path need not be walked from there.
create function private.summary_on_path(
  wanted_session_id uuid, leaf_id uuid, max_steps integer
) returns public.session_summaries
language plpgsql stable set search_path = '' as $$
declare
  nearest record;
  found_summary public.session_summaries;
begin
  if not exists (
    select from public.session_summaries where session_id = wanted_session_id and not is_stale)
  then
    return found_summary;
  end if;
  with recursive walked as (
    select message_id, parent_id, depth, position, 1 as steps
    from public.messages
    where message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position, child.steps + 1
    from walked child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.steps < max_steps and child.position <> child.depth
      and not exists (
        select from public.session_summaries
        where session_id = wanted_session_id and until_message_id = child.message_id
          and not is_stale)
  )
  select message_id, position, position = depth as is_straight
  into nearest
  from walked
  order by depth
  limit 1;

  if nearest.is_straight then
    select * into found_summary from public.session_summaries
    where session_id = wanted_session_id and until_position <= nearest.position
      and not is_stale
    order by until_position desc
    limit 1;
  else
    select * into found_summary from public.session_summaries
    where session_id = wanted_session_id and until_message_id = nearest.message_id
      and not is_stale;
  end if;
  return found_summary;
end
$$;

revoke all on function private.summary_on_path(uuid, uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.summary_on_path(uuid, uuid, integer) to service_role;

-- supabase/schemas/dossier/add_assertions.sql

-- Like private.store_assertions, but also adds a `path` entry for messages that had left the path before
-- anything was found in them. The snapshot in the request does not cover that entry. The caller has locked
-- the sessions of the named messages.
create function private.add_assertions(
  wanted_id uuid, request jsonb, principal_id uuid
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  named_ids uuid[];
  answer jsonb;
begin
  perform private.check_assertions(request -> 'assertions');
  -- Others that add assertions about these messages wait for the session's lock too.
  named_ids := array(
    select distinct sent.message_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    where sent.message_id is not null and not exists (
      select from public.dossier_assertions known where known.message_id = sent.message_id));
  answer := private.store_assertions(wanted_id, request, principal_id);
  if cardinality(named_ids) > 0 and (answer ->> 'added')::integer > 0 then
    perform private.note_messages_off_path(wanted_id, named_ids);
    select answer || jsonb_build_object(
      'head', dossier.head,
      'tail', case when dossier.head > (answer ->> 'head')::bigint
        then private.read_log(wanted_id, (request ->> 'base')::bigint)
        else answer -> 'tail' end)
    into answer
    from public.dossiers dossier
    where dossier.project_id = wanted_id;
  end if;
  return answer;
end
$$;

revoke all on function private.add_assertions(uuid, jsonb, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.add_assertions(uuid, jsonb, uuid) to service_role;

-- supabase/schemas/dossier/check_assertions.sql

-- Refuses what is no list of assertions as commit_assertions takes them.
create function private.check_assertions(assertions jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Bounds how long a call keeps other writers waiting.
  max_assertions constant integer := 1000;
  -- The column's limit too: what is found in a message is a few sentences.
  max_body_bytes constant integer := 65536;
  sent record;
begin
  if jsonb_typeof(assertions) is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'assertions must be an array.');
  end if;
  if jsonb_array_length(assertions) > max_assertions then
    perform private.refuse(422, 'invalid_request', format(
      'assertions may have %s entries: send the others in further calls.', max_assertions));
  end if;
  for sent in
    select entry.value, entry.place - 1 as index
    from jsonb_array_elements(assertions) with ordinality as entry (value, place)
  loop
    if (sent.value ->> 'assertion_id') ~ '^[0-9a-f]{64}$' is not true
        or (sent.value ->> 'kind') in ('extracted', 'confirmed', 'user', 'path') is not true
        or jsonb_typeof(sent.value -> 'body') is distinct from 'object' then
      perform private.refuse(422, 'invalid_request', format(
        'assertions[%s] must have an assertion_id of 64 hexadecimal digits, a kind that is '
        'extracted, confirmed, user or path, and a body that is an object.', sent.index));
    end if;
    if octet_length((sent.value -> 'body')::text) > max_body_bytes then
      perform private.refuse(413, 'body_too_large', format(
        'assertions[%s].body may have %s bytes: make several assertions of it.',
        sent.index, max_body_bytes));
    end if;
    perform private.read_id(sent.value, 'message_id');
  end loop;
end
$$;

revoke all on function private.check_assertions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_assertions(jsonb) to service_role;

-- supabase/schemas/dossier/check_snapshot.sql

-- Refuses what readers could not be given as a dossier.
create function private.check_snapshot(snapshot jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Many times the dossier of a long novel; with a page of the log it is still one answer.
  max_snapshot_bytes constant integer := 2097152;
  list text;
begin
  foreach list in array array[
    'characters', 'themes', 'locations', 'plot_points', 'objects', 'open_questions']
  loop
    if jsonb_typeof(snapshot -> list) is distinct from 'array' then
      perform private.refuse(422, 'invalid_request',
        format('snapshot must be an object whose %s is an array.', list));
    end if;
  end loop;
  if octet_length(snapshot::text) > max_snapshot_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'snapshot may have %s bytes: leave it out, the assertions are stored without it.',
      max_snapshot_bytes));
  end if;
end
$$;

-- Refuses what cannot be kept for prompts.
create function private.check_facts(facts jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_facts_bytes constant integer := 262144;
begin
  if jsonb_typeof(facts) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'facts must be an object.');
  end if;
  if octet_length(facts::text) > max_facts_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'facts may have %s bytes: a prompt takes less than that.', max_facts_bytes));
  end if;
end
$$;

revoke all on function
  private.check_snapshot(jsonb),
  private.check_facts(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_snapshot(jsonb),
  private.check_facts(jsonb)
to service_role;

-- supabase/schemas/dossier/clear_dossier.sql

-- Removes what is known of a story, and where it was known from: {principal, project_id, if_match}. The
-- project stays, with its conversations, and with an empty dossier of a later version. Nothing that was
-- said until now is read for it any more, and what was passed over is not read later either.
create function public.clear_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  project public.projects := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  session_ids uuid[];
  log_head bigint;
begin
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions where project_id = project.project_id
    order by session_id
    for no key update
  ) locked;
  perform from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  select head into log_head from public.dossiers
  where project_id = project.project_id
  for no key update;
  perform private.check_version(request ->> 'if_match', log_head::text);
  perform private.drop_job(job_id) from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused');
  update public.message_extractions
  set is_done = true
  where session_id = any (session_ids) and not is_done;
  -- Nor what was passed over so far.
  insert into public.message_extractions (session_id, message_id, owner_id, is_done)
  select session.session_id, unread.message_id, session.owner_id, true
  from public.sessions session
  cross join lateral unnest(private.unmarked_until(session.active_leaf_id))
    as unread (message_id)
  where session.session_id = any (session_ids)
  on conflict (session_id, message_id) do nothing;
  delete from public.dossier_assertions where project_id = project.project_id;
  update public.dossiers
  set head = head + 1, log_start = head + 1, folded_to = head + 1,
      snapshot_json = default, facts_json = default, updated_at = clock_timestamp()
  where project_id = project.project_id;
  return private.answer(
    '{"message": "The dossier is empty. The project and its conversations are still there."}');
end
$$;

revoke all on function public.clear_dossier(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.clear_dossier(jsonb) to service_role;

-- supabase/schemas/dossier/commit_assertions.sql

-- Adds to a dossier's log, and stores the snapshot that goes with it: {project_id, base,
-- assertions: [{assertion_id, kind, body, message_id | null}], snapshot | null, facts?, if_match?,
-- principal | null}, where base is the position that the snapshot was computed from, before these
-- assertions, and facts is what prompts are told of it. Returns {head, added, folded_to, log_start, tail}.
--
-- Assertions that are not there yet are added in the order given, whatever base is, unless if_match
-- names another version than the head: then nothing is done (412). The snapshot is stored only if base
-- was still the head. Otherwise the tail is what the log holds after base, with the caller's own in
-- their places: fold it in and call again, with the last one's position as the base, or the head when
-- the tail is empty. A tail is bounded (private.read_log), so that this may take several calls; an empty
-- list of assertions reads the log. A base before log_start means that the log was removed: whoever
-- holds entries of it begins anew. A caller whose answer was lost calls again: nothing is added twice.
create function public.commit_assertions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  principal_id uuid;
  session_ids uuid[];
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  perform private.check_assertions(request -> 'assertions');
  session_ids := array(
    select distinct message.session_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    cross join lateral (
      select session_id from public.messages where message_id = sent.message_id limit 1
    ) message);
  -- Their paths stay as they are until it is stored whether what is found in them is shown.
  if cardinality(session_ids) > 0 then
    perform from public.sessions
    where session_id = any (session_ids) and project_id = wanted_id
      and owner_id = coalesce(principal_id, owner_id)
    order by session_id
    for no key update;
  end if;
  return private.add_assertions(wanted_id, request, principal_id);
end
$$;

revoke all on function public.commit_assertions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.commit_assertions(jsonb) to service_role;

-- supabase/schemas/dossier/common_prefix.sql

-- How many characters two texts have in common at their beginnings.
create function private.common_prefix(one text, other text) returns integer
language plpgsql immutable set search_path = '' as $$
declare
  known integer := 0;
  unknown integer := least(char_length(one), char_length(other)) + 1;
  middle integer;
begin
  while unknown - known > 1 loop
    middle := (known + unknown) / 2;
    if left(one, middle) = left(other, middle) then
      known := middle;
    else
      unknown := middle;
    end if;
  end loop;
  return known;
end
$$;

revoke all on function private.common_prefix(text, text)
from public, anon, authenticated, service_role;
grant execute on function private.common_prefix(text, text) to service_role;

-- supabase/schemas/dossier/dossier_after_turn.sql

-- Whether the log has moved since the session's turn before this one, which is told by its epoch.
create function private.is_dossier_updated(
  wanted_session_id uuid, this_epoch bigint, log_head bigint
) returns boolean
language sql stable set search_path = ''
return coalesce((
  select earlier.dossier_version < log_head
  from public.generations earlier
  where earlier.session_id = wanted_session_id and earlier.epoch < this_epoch
    and earlier.dossier_version is not null
  order by earlier.epoch desc
  limit 1
), false);

-- Whether something that was said in the session is still to be read for the dossier.
create function private.is_dossier_pending(wanted_session_id uuid) returns boolean
language sql stable set search_path = ''
return exists (
  select from public.jobs
  where session_id = wanted_session_id and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused'));

-- How the dossier stands after a turn that has asked for it, as finish_turn tells it: {dossier: {version,
-- pending, updated}}.
create function private.dossier_after_turn(
  generation public.generations, its_project_id uuid
) returns jsonb
language sql stable set search_path = ''
return coalesce((
  select jsonb_build_object('dossier', jsonb_build_object(
    'version', dossier.head,
    'pending', private.is_dossier_pending(generation.session_id),
    'updated', private.is_dossier_updated(
      generation.session_id, generation.epoch, dossier.head)))
  from public.dossiers dossier
  where dossier.project_id = its_project_id and generation.dossier_version is not null
), '{}');

revoke all on function
  private.is_dossier_updated(uuid, bigint, bigint),
  private.is_dossier_pending(uuid),
  private.dossier_after_turn(public.generations, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_dossier_updated(uuid, bigint, bigint),
  private.is_dossier_pending(uuid),
  private.dossier_after_turn(public.generations, uuid)
to service_role;

-- supabase/schemas/dossier/dossier_extraction_fail.sql

-- A job that is given up is one failure of each message that it was about (jobs/has_job_hook.sql); what has
-- failed often enough does not keep the others from being read. Where the log was only to be folded there
-- are no spans.
create function private.dossier_extraction_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.message_extractions waiting
  set failures = failures + 1, is_done = failures + 1 >= max_failures
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (message_id uuid)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and not waiting.is_done;
  return null;
end
$$;

revoke all on function private.dossier_extraction_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_fail(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/dossier/dossier_extraction_store.sql

-- Stores the findings of the claimed parts (jobs/has_job_hook.sql): the result is {base, assertions,
-- snapshot, facts}, as for commit_assertions, with any other members to keep. The answer is {dossier}, the
-- answer of commit_assertions: if its tail is not null, fold the tail and call commit_assertions. has_more
-- is true while unread text is left. A step that only folds the log has no spans.
create function private.dossier_extraction_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Text beyond this is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
  outcome constant jsonb := made -> 'result';
  project_of_session uuid;
  dossier jsonb;
begin
  select project_id into project_of_session
  from public.sessions where session_id = job.session_id;
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(project_of_session, outcome)));
  end if;
  dossier := private.add_assertions(project_of_session, outcome, null);
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(content) from public.messages where message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return jsonb_build_object(
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts'],
    'answer', jsonb_build_object('dossier', dossier),
    'has_more', exists (select from private.unread_on_path(job.session_id)));
end
$$;

revoke all on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/dossier/dossier_extraction_work.sql

-- The input for reading a part of a conversation (private.extraction_work). The step keeps the spans that are
-- read, for private.dossier_extraction_store.
create function private.dossier_extraction_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  work constant jsonb := private.extraction_work(job.session_id);
begin
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('spans', (
    select jsonb_agg(message.value - array['role', 'text', 'created_at'])
    from jsonb_array_elements(work -> 'messages') message))
  where claimed.job_id = step.job_id and claimed.step = dossier_extraction_work.step.step;
  return work;
end
$$;

revoke all on function private.dossier_extraction_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/dossier/dossier_of_turn.sql

-- The dossier's part of a turn's prompt, built from the facts that were stored with the snapshot.

-- The messages that have left the path after a position of the log, and have not come back.
create function private.messages_left_since(wanted_project_id uuid, after_position bigint)
returns uuid[]
language sql stable set search_path = ''
return array(
  select moved.message_id
  from (
    select distinct on (named.message_id) named.message_id::uuid as message_id, named.has_left
    from public.dossier_assertions entry
    cross join lateral (
      select jsonb_array_elements_text(entry.body -> 'left') as message_id, true as has_left
      union all
      select jsonb_array_elements_text(entry.body -> 'back'), false
    ) named
    where entry.project_id = wanted_project_id and entry.position > after_position
      and entry.kind = 'path'
    order by named.message_id, entry.position desc
  ) moved
  where moved.has_left);

-- The lines of these facts (dossiers.facts_json) that fit into max_bytes, without the facts that come only
-- from the messages in gone_ids.
create function private.facts_within(facts jsonb, max_bytes integer, gone_ids uuid[])
returns jsonb
language sql stable set search_path = ''
return (
  with parts as (
    select line.place as line_place, part.place,
      part.value ->> 'text' as text,
      array(
        select fact ->> 0 from jsonb_array_elements(part.value -> 'facts') fact
        where (fact ->> 1)::uuid = any (gone_ids) is not true) as fact_ids,
      jsonb_array_length(part.value -> 'facts') = 0 as needs_no_fact
    from jsonb_array_elements(facts -> 'lines') with ordinality as line (value, place)
    cross join lateral jsonb_array_elements(line.value -> 'parts')
      with ordinality as part (value, place)
  ),
  kept as (
    select * from parts
    where (needs_no_fact or cardinality(fact_ids) > 0)
      and exists (
        select from parts head
        where head.line_place = parts.line_place and head.place = 1
          and (head.needs_no_fact or cardinality(head.fact_ids) > 0))
  ),
  lines as (
    select line_place, '- ' || string_agg(text, '' order by place) as text
    from kept group by line_place
  ),
  fitting as (
    select *, sum(octet_length(text) + 1) over (order by line_place) as bytes_so_far from lines
  ),
  told as (
    select * from fitting where bytes_so_far <= max_bytes
  )
  select jsonb_build_object(
    'text', coalesce((select string_agg(text, E'\n' order by line_place) from told), ''),
    'fact_ids', coalesce((
      select jsonb_agg(distinct fact_id)
      from kept
      join told using (line_place)
      cross join lateral unnest(kept.fact_ids) as fact_id), '[]'))
);

-- The dossier for a turn of this session, whose row is as it was before the turn: {version, pending,
-- updated, text, fact_ids}. text has at most max_bytes of known facts about the story, and fact_ids are the
-- assertions that it comes from. Facts come from the snapshot: later findings are missing, and so are facts
-- that come only from messages that have left the path. updated is whether the dossier has changed since the
-- session's previous turn.
create function private.dossier_of_turn(session public.sessions, max_bytes integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  dossier record;
  gone_ids uuid[] := '{}';
  told jsonb;
begin
  select head, folded_to, facts_json into dossier
  from public.dossiers where project_id = session.project_id;
  if dossier.head > dossier.folded_to then
    gone_ids := private.messages_left_since(session.project_id, dossier.folded_to);
  end if;
  told := case
    when gone_ids = '{}' and octet_length(dossier.facts_json ->> 'text') <= max_bytes
      then dossier.facts_json - 'lines'
    when dossier.facts_json ? 'lines'
      then private.facts_within(dossier.facts_json, max_bytes, gone_ids)
    else '{"text": "", "fact_ids": []}'
  end;
  return told || jsonb_build_object(
    'version', dossier.head,
    'pending', private.is_dossier_pending(session.session_id),
    'updated', private.is_dossier_updated(
      session.session_id, session.last_epoch + 1, dossier.head));
end
$$;

revoke all on function
  private.messages_left_since(uuid, bigint),
  private.facts_within(jsonb, integer, uuid[]),
  private.dossier_of_turn(public.sessions, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.messages_left_since(uuid, bigint),
  private.facts_within(jsonb, integer, uuid[]),
  private.dossier_of_turn(public.sessions, integer)
to service_role;

-- supabase/schemas/dossier/dossier_since.sql

-- How a dossier stands for a worker whose findings are stored already: what commit_assertions returns, with the
-- log after the `base` of its result.
create function private.dossier_since(wanted_project_id uuid, outcome jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
      'tail', private.read_log(
        project_id, coalesce(private.read_position(outcome, 'base'), head)))
    from public.dossiers
    where project_id = wanted_project_id);
end
$$;

revoke all on function private.dossier_since(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_since(uuid, jsonb) to service_role;

-- supabase/schemas/dossier/extraction_work.sql

-- The messages on a session's path that have unread text, from the path's beginning: {message_id, depth}.
-- Other takes are not read until they are on the path again.
create function private.unread_on_path(wanted_session_id uuid)
returns table (message_id uuid, depth integer)
language sql stable set search_path = '' as $$
  select message.message_id, message.depth
  from public.sessions session
  join public.message_extractions waiting
    on waiting.session_id = session.session_id and not waiting.is_done
  cross join lateral (
    select found.message_id, found.depth from public.messages found
    where found.message_id = waiting.message_id
    limit 1
  ) message
  where session.session_id = wanted_session_id and session.is_active
    and session.project_id is not null
    and private.message_on_path(session.active_leaf_id, message.depth) = message.message_id
  order by message.depth;
$$;

-- A text from from_byte on, at most max_bytes, in whole characters. A part that is cut ends after a
-- paragraph, a line or a word, if one ends in its second half.
create function private.text_part(content text, from_byte integer, max_bytes integer)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  bytes constant bytea := convert_to(content, 'UTF8');
  last_byte integer := least(from_byte + max_bytes, length(bytes));
  part text;
  boundary text;
  whole text;
begin
  -- Continuation bytes are 10xxxxxx.
  while last_byte < length(bytes) and last_byte > from_byte
    and get_byte(bytes, last_byte) & 192 = 128
  loop
    last_byte := last_byte - 1;
  end loop;
  part := convert_from(substr(bytes, from_byte + 1, last_byte - from_byte), 'UTF8');
  if last_byte < length(bytes) then
    foreach boundary in array array[E'\n\n', E'\n', ' '] loop
      whole := left(part, char_length(part) - position(boundary in reverse(part)) + 1);
      if position(boundary in reverse(part)) > 0 and char_length(whole) * 2 > char_length(part) then
        return whole;
      end if;
    end loop;
  end if;
  return part;
end
$$;

-- The input for reading a part of a conversation for its dossier: {project_id, messages: [{message_id, role,
-- text, from_byte, to_byte, created_at}], before: [{message_id, role, text, from_byte, created_at}],
-- dossier: {head, folded_to, log_start}}; null when nothing is left to read or to fold. text is the part
-- from from_byte to to_byte, created_at is in milliseconds since the epoch, and before has the ends of the
-- preceding texts. If messages is empty, the log only has to be folded. The size is bounded: the rest is
-- another part.
create function private.extraction_work(wanted_session_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_messages constant integer := 20;
  max_bytes constant integer := 24576;
  messages_before constant integer := 6;
  characters_before constant integer := 2000;
  unread record;
  waiting record;
  part text;
  bytes_left integer := max_bytes;
  parts jsonb := '[]';
  before jsonb := '[]';
  first record;
  dossier record;
  place jsonb;
begin
  for unread in select * from private.unread_on_path(wanted_session_id) limit max_messages loop
    exit when bytes_left < 4;
    select message.*, extraction.read_bytes into waiting
    from public.messages message
    join public.message_extractions extraction
      on extraction.session_id = message.session_id and extraction.message_id = message.message_id
    where message.message_id = unread.message_id;
    part := private.text_part(waiting.content, waiting.read_bytes, bytes_left);
    if parts = '[]' then
      first := waiting;
    end if;
    parts := parts || jsonb_build_object(
      'message_id', waiting.message_id,
      'role', waiting.role,
      'text', part,
      'from_byte', waiting.read_bytes,
      'to_byte', waiting.read_bytes + octet_length(part),
      'created_at', floor(extract(epoch from waiting.created_at) * 1000)::bigint);
    bytes_left := bytes_left - octet_length(part);
  end loop;
  select project_id, head, folded_to, log_start into dossier
  from public.dossiers
  where project_id = (select project_id from public.sessions where session_id = wanted_session_id);
  place := jsonb_build_object(
    'head', dossier.head, 'folded_to', dossier.folded_to, 'log_start', dossier.log_start);
  if parts = '[]' then
    return case when dossier.head > dossier.folded_to then jsonb_build_object(
      'project_id', dossier.project_id, 'messages', parts, 'before', parts, 'dossier', place) end;
  end if;

  with recursive earlier as (
    select first.parent_id as next_id, null::uuid as message_id, null::text as role,
      null::text as content, null::timestamptz as created_at, 0 as steps
    union all
    select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
      earlier.steps + 1
    from earlier
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = earlier.next_id limit 1
    ) parent
    where earlier.steps < messages_before
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'message_id', message_id,
      'role', role,
      'text', right(content, characters_before),
      'from_byte', octet_length(content) - octet_length(right(content, characters_before)),
      'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
    order by steps desc), '[]')
  into before
  from earlier
  where content <> '';
  if first.read_bytes > 0 then
    part := private.text_part(first.content, 0, first.read_bytes);
    before := before || jsonb_build_object(
      'message_id', first.message_id,
      'role', first.role,
      'text', right(part, characters_before),
      'from_byte', octet_length(part) - octet_length(right(part, characters_before)),
      'created_at', floor(extract(epoch from first.created_at) * 1000)::bigint);
  end if;

  return jsonb_build_object(
    'project_id', dossier.project_id,
    'messages', parts,
    'before', before,
    'dossier', place);
end
$$;

revoke all on function
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(uuid)
to service_role;

-- supabase/schemas/dossier/facts.sql

-- Refuses what is no list of facts.
create function private.check_fact_ids(fact_ids jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_facts constant integer := 2000;
begin
  if jsonb_typeof(fact_ids) <> 'array'
    or jsonb_array_length(fact_ids) > max_facts
    or exists (
      select from jsonb_array_elements_text(fact_ids) sent (fact_id)
      where (sent.fact_id ~ '^[0-9a-f]{64}$') is not true)
  then
    perform private.refuse(422, 'invalid_request', format(
      'dossier_facts must be an array of at most %s ids of assertions.', max_facts));
  end if;
end
$$;

-- The facts that a generation's model was sent: [{fact_id, kind, body, message_id}], of those that have
-- been removed since the id alone.
create function private.describe_facts(generation public.generations) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object('fact_id', sent.fact_id)
      || case when fact.assertion_id is null then '{}'
        else jsonb_build_object(
          'kind', fact.kind, 'body', fact.body, 'message_id', fact.message_id) end
    order by sent.place), '[]')
  from jsonb_array_elements_text(generation.dossier_facts)
    with ordinality as sent (fact_id, place)
  left join lateral (
    select * from public.dossier_assertions
    where project_id = (
        select project_id from public.sessions where session_id = generation.session_id)
      and assertion_id = sent.fact_id
    limit 1
  ) fact on true);

revoke all on function
  private.check_fact_ids(jsonb),
  private.describe_facts(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_fact_ids(jsonb),
  private.describe_facts(public.generations)
to service_role;

-- supabase/schemas/dossier/follow_path.sql

-- The messages that leave a path, and those that come back, when its end moves from one message to
-- another; the nearest to the end first.
create function private.path_difference(
  old_leaf_id uuid, new_leaf_id uuid, out left_ids uuid[], out back_ids uuid[]
)
language sql stable set search_path = '' as $$
  -- Both sides go up, the deeper one first, until they meet. A side without a parent becomes null.
  with recursive pair as (
    select older.message_id as old_id, older.parent_id as old_parent, older.depth as old_depth,
      newer.message_id as new_id, newer.parent_id as new_parent, newer.depth as new_depth
    from public.messages older, public.messages newer
    where older.message_id = old_leaf_id and newer.message_id = new_leaf_id
    union all
    select
      case when old_depth >= new_depth then above_old.message_id else old_id end,
      case when old_depth >= new_depth then above_old.parent_id else old_parent end,
      case when old_depth >= new_depth then old_depth - 1 else old_depth end,
      case when new_depth >= old_depth then above_new.message_id else new_id end,
      case when new_depth >= old_depth then above_new.parent_id else new_parent end,
      case when new_depth >= old_depth then new_depth - 1 else new_depth end
    from pair
    -- The limits keep the planner from joining with the whole table.
    left join lateral (
      select message_id, parent_id from public.messages
      where message_id = old_parent and old_depth >= new_depth
      limit 1
    ) above_old on true
    left join lateral (
      select message_id, parent_id from public.messages
      where message_id = new_parent and new_depth >= old_depth
      limit 1
    ) above_new on true
    where old_id is distinct from new_id
  )
  select
    coalesce(array_agg(old_id order by old_depth desc) filter (where old_depth >= new_depth), '{}'),
    coalesce(array_agg(new_id order by new_depth desc) filter (where new_depth >= old_depth), '{}')
  from pair
  where old_id is distinct from new_id;
$$;

-- Those of the messages in which something was found, in the given order.
create function private.messages_with_assertions(message_ids uuid[]) returns uuid[]
language sql stable set search_path = ''
return array(
  select moved.message_id from unnest(message_ids) with ordinality as moved (message_id, place)
  where exists (
    select from public.dossier_assertions found where found.message_id = moved.message_id)
  order by moved.place);

-- Runs when a session's path moves: another take, an edit, a turn that begins or ends. The update itself
-- locks the session. Messages that have come back to the path may not have been read. When messages with
-- findings have left or come back, the log is folded soon, because prompts use the snapshot.
create function private.follow_path() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  -- The usual case: a new message follows the last one.
  if exists (
      select from public.messages
      where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
    and not exists (
      select from public.dossier_assertions where message_id = new.active_leaf_id)
    and not exists (
      select from public.message_extractions
      where session_id = new.session_id and message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select private.messages_with_assertions(difference.left_ids) as left_ids,
    private.messages_with_assertions(difference.back_ids) as back_ids,
    exists (
      select from public.message_extractions waiting
      where waiting.session_id = new.session_id and not waiting.is_done
        and waiting.message_id = any (difference.back_ids)) as has_unread
  into moved
  from private.path_difference(old.active_leaf_id, new.active_leaf_id) difference;
  if cardinality(moved.left_ids) + cardinality(moved.back_ids) > 0 then
    perform private.add_path_entries(
      new.project_id, new.session_id, moved.left_ids, moved.back_ids);
    perform private.plan_extraction(new.session_id);
  elsif moved.has_unread then
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

revoke all on function
  private.path_difference(uuid, uuid),
  private.messages_with_assertions(uuid[]),
  private.follow_path()
from public, anon, authenticated, service_role;
grant execute on function
  private.path_difference(uuid, uuid),
  private.messages_with_assertions(uuid[])
to service_role;

create trigger follow_path after update of active_leaf_id on public.sessions
  for each row when (
    old.active_leaf_id <> new.active_leaf_id and new.project_id is not null)
  execute function private.follow_path();

-- supabase/schemas/dossier/give_dossier.sql

-- Each project has a dossier from the beginning.
create function private.give_dossier() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.dossiers (project_id, owner_id, created_at, updated_at)
  values (new.project_id, new.owner_id, new.created_at, new.created_at);
  return null;
end
$$;

revoke all on function private.give_dossier() from public, anon, authenticated, service_role;

create trigger give_dossier after insert on public.projects
  for each row execute function private.give_dossier();

-- supabase/schemas/dossier/list_dossier_versions.sql

-- The versions that a dossier has been in, newest first: {principal, project_id, query: {limit,
-- offset}}; each {version, kind, change, entries, created_at}, where kind is who made it (extracted,
-- confirmed, user, path), change what its last entry does, and entries how many came with it.
create function public.list_dossier_versions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  wanted_id constant uuid := private.read_id(request, 'project_id');
  page jsonb;
  total bigint;
begin
  perform private.act_as(private.resolve_principal(request -> 'principal'));
  select
    (select count(*) from public.dossier_assertions where project_id = wanted_id and is_version),
    (select jsonb_agg(
      jsonb_build_object(
        'version', version.position,
        'kind', version.kind,
        'change', version.body ->> 'do',
        'entries', version.position - coalesce((
          select earlier.position from public.dossier_assertions earlier
          where earlier.project_id = wanted_id and earlier.is_version
            and earlier.position < version.position
          order by earlier.position desc
          limit 1
        ), dossier.log_start),
        'created_at', private.iso(version.created_at))
      order by version.position desc)
    from (
      select * from public.dossier_assertions
      where project_id = wanted_id and is_version
      order by position desc
      limit row_count offset first_row
    ) version)
  into total, page
  from public.dossiers dossier
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if total is null then
    perform private.refuse_dossier();
  end if;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_dossier_versions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.list_dossier_versions(jsonb) to service_role;

-- supabase/schemas/dossier/list_dossiers.sql

-- The principal's dossiers, newest first: {principal, query: {limit, offset}}.
create function public.list_dossiers(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid;
  page jsonb;
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.act_as(principal_id);
  select
    (select count(*) from public.dossiers where owner_id = principal_id),
    (select jsonb_agg(
      jsonb_build_object(
        'project_id', dossier.project_id,
        'title', coalesce(dossier.title, (
          select name from public.projects where project_id = dossier.project_id)),
        'version', dossier.folded_to,
        'character_count', dossier.character_count,
        'theme_count', dossier.theme_count,
        'location_count', dossier.location_count,
        'plot_point_count', dossier.plot_point_count,
        'object_count', dossier.object_count,
        'open_question_count', dossier.open_question_count,
        'updated_at', private.iso(dossier.updated_at))
      order by dossier.updated_at desc, dossier.project_id)
    from (
      select * from public.dossiers
      where owner_id = principal_id
      order by updated_at desc, project_id
      limit row_count offset first_row
    ) dossier)
  into total, page;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_dossiers(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_dossiers(jsonb) to service_role;

-- supabase/schemas/dossier/mark_for_extraction.sql

-- The messages of a path from its end up that are not marked for reading, the last of them first: they
-- were worth no call of their own.
create function private.unmarked_until(last_message_id uuid) returns uuid[]
language sql stable set search_path = ''
return array(
  with recursive unmarked as (
    select message.message_id, message.session_id, message.parent_id, 1 as steps
    from public.messages message
    where message.message_id = last_message_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, unmarked.steps + 1
    from unmarked
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = unmarked.parent_id limit 1
    ) parent
    where unmarked.steps < 8 and not exists (
      select from public.message_extractions marked
      where marked.session_id = parent.session_id and marked.message_id = parent.message_id)
  )
  select message_id from unmarked order by steps);

-- These messages, which are there, are to be read for the dossier. The session is locked.
create function private.mark_for_extraction(wanted_session_id uuid, message_ids uuid[])
returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.message_extractions (session_id, message_id, owner_id)
  select session.session_id, message.message_id, session.owner_id
  from public.sessions session
  cross join unnest(message_ids) as wanted (message_id)
  cross join lateral (
    select message_id from public.messages where message_id = wanted.message_id limit 1
  ) message
  where session.session_id = wanted_session_id and session.project_id is not null
  on conflict (session_id, message_id) do nothing;
  if found then
    perform private.plan_extraction(wanted_session_id);
  end if;
end
$$;

revoke all on function
  private.unmarked_until(uuid),
  private.mark_for_extraction(uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function
  private.unmarked_until(uuid),
  private.mark_for_extraction(uuid, uuid[])
to service_role;

-- supabase/schemas/dossier/path_entries.sql

-- The dossier follows the conversation: findings in a message that is no longer on the path to the
-- session's active leaf do not count. Entries of the kind `path` record this in the log.
--
-- Invariant, under a session's lock: a message in which something was found is on the path unless the
-- newest `path` entry that names it lists it among those that left.

-- The text whose SHA-256 is the id of a `path` entry, as shared/dossier writes it: JSON without spaces,
-- members in order.
create function private.path_entry_text(
  project_id uuid, session_id uuid, left_ids uuid[], back_ids uuid[], sequence bigint, at_ms bigint
) returns text
language sql immutable parallel safe
return pg_catalog.format(
  '{"body":{"at":%s,"back":%s,"do":"path","left":%s,"sequence":%s,"session_id":"%s"},'
  '"kind":"path","message_id":null,"project":"%s"}',
  at_ms,
  pg_catalog.replace(pg_catalog.to_jsonb(coalesce(back_ids, '{}'))::text, ' ', ''),
  pg_catalog.replace(pg_catalog.to_jsonb(coalesce(left_ids, '{}'))::text, ' ', ''),
  sequence, session_id, project_id);

-- Logs that the messages of left_ids have left the path of their session, and those of back_ids have come
-- back to it. The session is locked. `sequence` orders the entries; it is the entry's position, which
-- grows.
create function private.add_path_entries(
  wanted_project_id uuid, moved_session_id uuid, left_ids uuid[], back_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  -- Keeps each entry's body far below its limit.
  ids_each constant integer := 500;
  entries constant integer := greatest(
    ceil(cardinality(left_ids)::numeric / ids_each), ceil(cardinality(back_ids)::numeric / ids_each));
  at_ms constant bigint := floor(extract(epoch from clock_timestamp()) * 1000);
  dossier record;
  entry_text text;
begin
  select head, owner_id into dossier from public.dossiers
  where project_id = wanted_project_id
  for no key update;
  for place in 1..entries loop
    entry_text := private.path_entry_text(
      wanted_project_id, moved_session_id,
      left_ids[(place - 1) * ids_each + 1:place * ids_each],
      back_ids[(place - 1) * ids_each + 1:place * ids_each],
      dossier.head + place, at_ms);
    insert into public.dossier_assertions (
      project_id, owner_id, position, assertion_id, kind, body, is_version, created_at)
    values (
      wanted_project_id, dossier.owner_id, dossier.head + place,
      encode(sha256(convert_to(entry_text, 'UTF8')), 'hex'), 'path', entry_text::jsonb -> 'body',
      place = entries, clock_timestamp());
  end loop;
  update public.dossiers
  set head = head + entries, updated_at = clock_timestamp()
  where project_id = wanted_project_id;
end
$$;

-- Adds `path` entries for those of the messages that are not on their session's path. Something was found
-- in them for the first time, after they may have left. The sessions are locked.
create function private.note_messages_off_path(
  wanted_project_id uuid, message_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  gone record;
begin
  for gone in
    select message.session_id, array_agg(message.message_id order by message.depth desc) as ids
    from unnest(message_ids) as named (message_id)
    cross join lateral (
      select * from public.messages where message_id = named.message_id limit 1
    ) message
    cross join lateral (
      select active_leaf_id from public.sessions where session_id = message.session_id limit 1
    ) session
    where private.message_on_path(session.active_leaf_id, message.depth)
      is distinct from message.message_id
    group by message.session_id
    order by message.session_id
  loop
    perform private.add_path_entries(wanted_project_id, gone.session_id, gone.ids, '{}');
  end loop;
end
$$;

revoke all on function
  private.path_entry_text(uuid, uuid, uuid[], uuid[], bigint, bigint),
  private.add_path_entries(uuid, uuid, uuid[], uuid[]),
  private.note_messages_off_path(uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function
  private.path_entry_text(uuid, uuid, uuid[], uuid[], bigint, bigint),
  private.add_path_entries(uuid, uuid, uuid[], uuid[]),
  private.note_messages_off_path(uuid, uuid[])
to service_role;

-- supabase/schemas/dossier/plan_extraction.sql

-- Adds a job that reads a session's unread text, unless one is open. The session is locked.
create function private.plan_extraction(wanted_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- After a failure, models are not asked again with every turn.
  failure_pause constant interval := '10 minutes';
  session public.sessions;
begin
  if exists (
    select from public.jobs
    where session_id = wanted_session_id and kind = 'dossier_extraction' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return;
  end if;
  select * into session from public.sessions where session_id = wanted_session_id;
  if session.project_id is not null then
    perform private.add_job(jsonb_build_object(
      'kind', 'dossier_extraction', 'owner_id', session.owner_id, 'session_id', wanted_session_id,
      'merge_key', 'session', 'merge', 'open'));
  end if;
end
$$;

revoke all on function private.plan_extraction(uuid) from public, anon, authenticated, service_role;
grant execute on function private.plan_extraction(uuid) to service_role;

-- supabase/schemas/dossier/read_dossier.sql

-- Reads a project's dossier: {principal, project_id}. The version is a position of its log. The answer also
-- has `head`, beside the body: if it is not the version, the log has entries that the snapshot lacks.
create function public.read_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  body jsonb;
  log_head bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'project_id');
  perform private.act_as(principal_id);
  select dossier.head, jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'title', coalesce(dossier.title, project.name),
    'version', dossier.folded_to,
    'snapshot_json', dossier.snapshot_json,
    'created_at', private.iso(dossier.created_at),
    'updated_at', private.iso(dossier.updated_at))
  into log_head, body
  from public.dossiers dossier
  join public.projects project using (project_id)
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if body is null then
    perform private.refuse_project();
  end if;
  return private.answer(body, etag => body ->> 'version') || jsonb_build_object('head', log_head);
end
$$;

revoke all on function public.read_dossier(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_dossier(jsonb) to service_role;

-- supabase/schemas/dossier/read_dossier_log.sql

-- A dossier's log, for who folds it: {principal | null, project_id, after?, until?}; returns
-- {project_id, user_id, name, head, folded_to, log_start, snapshot | null, entries}, where name is the
-- project's, entries are those after `after` (at first 0), up to `until`, in order and bounded as
-- private.read_log has it, and the snapshot is there as long as nothing of the log has been passed over.
create function public.read_dossier_log(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  after_position bigint := coalesce(private.read_position(request, 'after'), 0);
  until_position bigint := private.read_position(request, 'until');
  principal_id uuid;
  log jsonb;
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  -- One statement, so that the head is that of these entries.
  select jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'name', project.name,
    'head', dossier.head,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'snapshot', case when after_position <= dossier.log_start then dossier.snapshot_json end,
    'entries', private.read_log(wanted_id, after_position, until_position))
  into log
  from public.dossiers dossier
  join public.projects project on project.project_id = dossier.project_id
  where dossier.project_id = wanted_id
    and dossier.owner_id = coalesce(principal_id, dossier.owner_id);
  if log is null then
    perform private.refuse_dossier();
  end if;
  return log;
end
$$;

revoke all on function public.read_dossier_log(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.read_dossier_log(jsonb) to service_role;

-- supabase/schemas/dossier/read_log.sql

-- A position of a log that a request names; null where it does not.
create function private.read_position(request jsonb, key text) returns bigint
language plpgsql immutable set search_path = '' as $$
declare
  sent constant text := request ->> key;
begin
  if sent !~ '^[0-9]{1,18}$' then
    perform private.refuse(422, 'invalid_request',
      format('%s must be a version: a position of the log.', key));
  end if;
  return sent::bigint;
end
$$;

-- The log after a position, in its order, up to another one if it is given. At most so many entries
-- and, after the first, bytes: the last one's position is the one to ask on from.
create function private.read_log(
  wanted_project_id uuid, after_position bigint, until_position bigint default null,
  max_entries integer default 1000, max_bytes integer default 1048576
) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'assertion_id', entry.assertion_id,
      'kind', entry.kind,
      'body', entry.body,
      'message_id', entry.message_id,
      'position', entry.position)
    order by entry.position), '[]')
  from (
    select logged.*,
      row_number() over (order by logged.position) as place,
      sum(octet_length(logged.body::text)) over (order by logged.position) as bytes_so_far
    from (
      select * from public.dossier_assertions
      where project_id = wanted_project_id and position > after_position
        and position <= coalesce(until_position, 9223372036854775807)
      order by position
      limit max_entries
    ) logged
  ) entry
  where entry.bytes_so_far <= max_bytes or entry.place = 1
);

revoke all on function
  private.read_position(jsonb, text),
  private.read_log(uuid, bigint, bigint, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_position(jsonb, text),
  private.read_log(uuid, bigint, bigint, integer, integer)
to service_role;

-- supabase/schemas/dossier/store_assertions.sql

-- Refuses a dossier that does not exist or belongs to somebody else.
create function private.refuse_dossier() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such dossier: use the id of a project of yours.');
end
$$;

-- Does the work of commit_assertions without checking the caller: principal_id is the required owner of the
-- dossier; null allows any owner.
create function private.store_assertions(
  wanted_id uuid, request jsonb, principal_id uuid
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  assertions jsonb := request -> 'assertions';
  snapshot jsonb := nullif(request -> 'snapshot', 'null');
  facts jsonb := coalesce(nullif(request -> 'facts', 'null'), '{}');
  base bigint := private.read_position(request, 'base');
  dossier record;
  is_base_the_head boolean;
  added integer;
  is_known boolean;
  odd_id text;
begin
  perform private.check_assertions(assertions);
  if snapshot is not null then
    perform private.check_snapshot(snapshot);
    perform private.check_facts(facts);
  end if;
  if base is null then
    perform private.refuse(422, 'invalid_request',
      'base must be the position of the log that the snapshot was computed from.');
  end if;

  -- From here on there is one writer at a time. The snapshot is not read.
  select head, folded_to, log_start, owner_id into dossier
  from public.dossiers
  where project_id = wanted_id and owner_id = coalesce(principal_id, owner_id)
  for no key update;
  if not found then
    perform private.refuse_dossier();
  end if;
  if base > dossier.head then
    perform private.refuse(422, 'invalid_request', format(
      'base is beyond %s, where the log ends: read the dossier again.', dossier.head));
  end if;
  -- A call that is repeated because its answer was lost has itself moved the head.
  select coalesce(bool_and(known.is_known is not null), false) into is_known
  from jsonb_to_recordset(assertions) as sent (assertion_id text)
  left join lateral (
    select true as is_known from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known on true;
  if not is_known then
    perform private.check_version(request ->> 'if_match', dossier.head::text);
  end if;

  -- Limits, here and below, make the planner look up each row instead of reading the whole project.
  select sent.message_id into odd_id
  from jsonb_to_recordset(assertions) as sent (message_id uuid)
  left join lateral (
    select session_id from public.messages where message_id = sent.message_id limit 1
  ) message on true
  left join lateral (
    select project_id from public.sessions where session_id = message.session_id limit 1
  ) session on true
  where sent.message_id is not null and session.project_id is distinct from wanted_id
  limit 1;
  if found then
    perform private.refuse(422, 'invalid_request',
      format('message_id %s is no message of this project.', odd_id));
  end if;

  with sent as (
    select distinct on (assertion_id) *
    from rows from (jsonb_to_recordset(assertions) as (
      assertion_id text, kind text, body jsonb, message_id uuid)) with ordinality
      as entry (assertion_id, kind, body, message_id, place)
    order by assertion_id, place
  )
  insert into public.dossier_assertions (
    project_id, owner_id, position, assertion_id, kind, body, message_id, is_version, created_at)
  select wanted_id, dossier.owner_id, dossier.head + row_number() over (order by place),
    assertion_id, kind, body, message_id,
    row_number() over (order by place desc) = 1, clock_timestamp()
  from sent
  left join lateral (
    select true as is_known from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known on true
  where known.is_known is null;
  get diagnostics added = row_count;

  select sent.assertion_id into odd_id
  from jsonb_to_recordset(assertions) as sent (
    assertion_id text, kind text, body jsonb, message_id uuid)
  cross join lateral (
    select * from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known
  where (known.kind, known.body, known.message_id)
    is distinct from (sent.kind, sent.body, sent.message_id)
  limit 1;
  if found then
    perform private.refuse(422, 'invalid_request', format(
      'The log has %s with other content: an assertion_id is the hash of what is asserted.',
      odd_id));
  end if;

  is_base_the_head := base = dossier.head;
  if added > 0 then
    update public.dossiers
    set head = head + added, updated_at = clock_timestamp()
    where project_id = wanted_id;
  end if;
  if is_base_the_head and snapshot is not null then
    update public.dossiers
    set snapshot_json = snapshot, facts_json = facts, folded_to = head,
        updated_at = clock_timestamp()
    where project_id = wanted_id
      and (folded_to <> head or snapshot_json is distinct from snapshot
        or facts_json is distinct from facts);
  end if;

  select head, folded_to, log_start into dossier
  from public.dossiers where project_id = wanted_id;
  return jsonb_build_object(
    'head', dossier.head,
    'added', added,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'tail', case when not is_base_the_head then private.read_log(wanted_id, base) end);
end
$$;

revoke all on function
  private.refuse_dossier(),
  private.store_assertions(uuid, jsonb, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_dossier(),
  private.store_assertions(uuid, jsonb, uuid)
to service_role;

-- supabase/schemas/imports/cancel_import.sql

-- Ends an import before its end: {principal, project_id, task_id}. What it has proposed stays. One that
-- has ended stays as it is.
create function public.cancel_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  import public.jobs := private.own_import(request, true);
begin
  if import.status in ('queued', 'running', 'paused') then
    import := private.drop_job(import.job_id);
  end if;
  return private.answer(private.import_body(import));
end
$$;

revoke all on function public.cancel_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.cancel_import(jsonb) to service_role;

-- supabase/schemas/imports/dossier_import_store.sql

-- Stores what a part of a text has found (jobs/has_job_hook.sql): the result is {base, assertions, snapshot, facts,
-- proposals, ...}, the first four as commit_assertions takes them, proposals the ids that the assertions
-- belong to, and whatever else is worth keeping. The answer is `dossier`, what commit_assertions returns:
-- when its tail is not null, fold it and call that.
create function private.dossier_import_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  outcome constant jsonb := made -> 'result';
  dossier_start bigint;
begin
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(job.project_id, outcome)));
  end if;
  if jsonb_typeof(outcome -> 'proposals') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request',
      'result.proposals must be an array of the ids that the assertions belong to.');
  end if;
  select log_start into dossier_start from public.dossiers
  where project_id = job.project_id
  for no key update;
  if dossier_start <> (job.payload ->> 'log_start')::bigint then
    perform private.refuse(409, 'stale_lease',
      'The dossier has been emptied, and the import with it: drop what was done.');
  end if;
  return jsonb_build_object(
    'answer', jsonb_build_object(
      'dossier', private.add_assertions(job.project_id, outcome, null)),
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts']);
end
$$;

revoke all on function private.dossier_import_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_import_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/imports/dossier_import_work.sql

-- The input for reading a part of a text (jobs/has_job_hook.sql): {title | null, chapter, chapter_title |
-- null, text, before, created_at}, where before is the end of the previous part, and created_at the
-- import's, in milliseconds since the epoch. The import ends if the dossier has been emptied since then.
create function private.dossier_import_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  characters_before constant integer := 1500;
  previous constant integer := step.step - 1;
begin
  if (job.payload ->> 'log_start')::bigint is distinct from (
    select log_start from public.dossiers where project_id = job.project_id)
  then
    perform private.drop_job(job.job_id);
    return null;
  end if;
  return jsonb_build_object(
    'title', job.payload -> 'title',
    'chapter', step.payload -> 'chapter',
    'chapter_title', step.payload -> 'chapter_title',
    'text', step.payload -> 'text',
    'before', coalesce((
      select right(part.payload ->> 'text', characters_before) from public.job_steps part
      where part.job_id = job.job_id and part.step = previous), ''),
    'created_at', floor(extract(epoch from job.created_at) * 1000)::bigint);
end
$$;

revoke all on function private.dossier_import_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_import_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/imports/import_body.sql

-- The answer of functions about an import that is not there, or is another's.
create function private.refuse_import() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such import: use the task_id that the project''s import was answered with.');
end
$$;

-- How far an import is, for its owner. It is a job, whose id callers know as task_id.
create function private.import_body(import public.jobs) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'task_id', import.job_id,
    'project_id', import.project_id,
    'title', import.payload ->> 'title',
    'status', import.status,
    'chapters', (import.payload ->> 'chapters')::integer,
    'steps', count(*),
    'steps_done', count(*) filter (where part.status = 'done'),
    'steps_failed', count(*) filter (where part.status = 'failed'),
    'progress', floor(100.0 * count(*) filter (where part.status in ('done', 'failed'))
      / count(*))::integer,
    'proposals', (
      select coalesce(jsonb_agg(found.proposal order by found.first_place), '[]')
      from (
        select made.proposal, min(ready.step * 10000::bigint + made.place) as first_place
        from public.job_steps ready
        cross join lateral jsonb_array_elements_text(ready.result -> 'proposals')
          with ordinality as made (proposal, place)
        where ready.job_id = import.job_id
        group by made.proposal
      ) found),
    'error', (
      select error from public.job_steps
      where job_id = import.job_id and error is not null
      order by step
      limit 1),
    'created_at', private.iso(import.created_at),
    'finished_at', private.iso(import.finished_at))
  from public.job_steps part
  where part.job_id = import.job_id;
$$;

revoke all on function
  private.refuse_import(),
  private.import_body(public.jobs)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_import(),
  private.import_body(public.jobs)
to service_role;

-- supabase/schemas/imports/own_import.sql

-- The import, which is the principal's, locked if it is to be changed; refused otherwise.
create function private.own_import(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_project_id constant uuid := private.read_id(request, 'project_id');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  is_visible boolean;
  import public.jobs;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);
  if is_visible then
    if is_locked then
      perform from public.projects where project_id = wanted_project_id for share;
      select * into import from public.jobs
      where job_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
        and kind = 'dossier_import'
      for no key update;
    else
      select * into import from public.jobs
      where job_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
        and kind = 'dossier_import';
    end if;
  end if;
  if import.job_id is null then
    perform private.refuse_import();
  end if;
  return import;
end
$$;

revoke all on function private.own_import(jsonb, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.own_import(jsonb, boolean) to service_role;

-- supabase/schemas/imports/read_import.sql

-- How far an import is: {principal, project_id, task_id}.
create function public.read_import(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.answer(private.import_body(private.own_import(request, false)));

revoke all on function public.read_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_import(jsonb) to service_role;

-- supabase/schemas/imports/start_import.sql

-- Begins to import a text: {principal, project_id, title | null, chapters, steps: [{text, chapter,
-- chapter_title | null, from_byte}]}; 202 with its progress, and the address to ask for it.
create function public.start_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 400;
  max_step_bytes constant integer := 16384;
  max_text_bytes constant integer := 1048576;
  -- Bounded, because imports keep their texts, for quotes.
  max_imports constant integer := 20;
  project public.projects;
  import public.jobs;
  dossier_start bigint;
  parts constant jsonb := request -> 'steps';
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  if jsonb_typeof(parts) is distinct from 'array'
    or jsonb_array_length(parts) not between 1 and max_steps then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of 1 to %s parts of the text.', max_steps));
  end if;
  if (select sum(octet_length(part ->> 'text')) > max_text_bytes
      or max(octet_length(part ->> 'text')) > max_step_bytes
      or not bool_and(coalesce(part ->> 'text', '') <> '')
    from jsonb_array_elements(parts) part)
  then
    perform private.refuse(413, 'body_too_large', format(
      'The text may have %s bytes, and each of its steps 1 to %s.', max_text_bytes, max_step_bytes));
  end if;

  select log_start into dossier_start from public.dossiers
  where project_id = project.project_id;
  select * into import from public.jobs
  where subject_id = project.project_id and kind = 'dossier_import' and merge_key = 'project'
    and status in ('queued', 'running', 'paused')
  for no key update;
  if found then
    if (import.payload ->> 'log_start')::bigint = dossier_start then
      perform private.refuse(409, 'import_in_progress', format(
        'A text is being imported into this project: wait for task %s, or cancel it.',
        import.job_id));
    end if;
    perform private.drop_job(import.job_id);
  end if;
  if (select count(*) >= max_imports from public.jobs
      where project_id = project.project_id and kind = 'dossier_import')
  then
    perform private.refuse(422, 'invalid_request', format(
      'A project may have %s imports: use another project.', max_imports));
  end if;
  perform private.check_open_jobs(project.owner_id);

  import := private.add_job(jsonb_build_object(
    'kind', 'dossier_import', 'owner_id', project.owner_id, 'project_id', project.project_id,
    'merge_key', 'project', 'is_serial', false, 'kept_for', null,
    'payload', jsonb_build_object(
      'title', nullif(btrim(left(request ->> 'title', 200)), ''),
      'chapters', (request ->> 'chapters')::integer,
      -- Emptying the dossier changes its log_start, which ends the import.
      'log_start', dossier_start),
    'steps', (
      select jsonb_agg(jsonb_build_object(
        'text', part.value ->> 'text', 'chapter', (part.value ->> 'chapter')::integer,
        'chapter_title', nullif(left(part.value ->> 'chapter_title', 200), ''),
        'from_byte', (part.value ->> 'from_byte')::integer) order by part.place)
      from jsonb_array_elements(parts) with ordinality as part (value, place))));
  return private.answer(
    private.import_body(import) || jsonb_build_object(
      'status_url', format('/dossier/%s/import/%s', import.project_id, import.job_id)),
    202);
end
$$;

revoke all on function public.start_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.start_import(jsonb) to service_role;

-- supabase/schemas/jobs/add_job.sql

-- Begins a job: {kind, owner_id, session_id or project_id, merge_key?, merge?, is_serial?, payload?, steps?:
-- [payload], run_after?, kept_for?}. The caller has locked the job's subject (its session or project). By
-- default a job is serial, has one step, and is kept for a day. With a merge_key the request is merged into
-- the job that is open under that key. merge "waiting", the default: the first waiting step takes over
-- payload and run_after; if no step is waiting, the steps are added. merge "open": nothing is added, because
-- the worker of the open job goes on until no work is left. Returns the job.
create function private.add_job(request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  steps constant jsonb := coalesce(request -> 'steps', '[{}]');
  joins_open constant boolean := coalesce(request ->> 'merge', 'waiting') = 'open';
  due_at constant timestamptz := coalesce(
    (request ->> 'run_after')::timestamptz, clock_timestamp());
  job public.jobs;
begin
  -- Jobs whose time is over are deleted when the next one of their kind and subject begins.
  delete from public.jobs old
  where old.kind = request ->> 'kind' and old.finished_at + old.kept_for < clock_timestamp()
    and (old.session_id = (request ->> 'session_id')::uuid
      or old.project_id = (request ->> 'project_id')::uuid);
  -- A worker that is claiming the open job at this moment may not see the new work, and may end the job.
  -- Writing to the job's row waits for that worker; if the job has ended, a new one is made.
  insert into public.jobs as open_one (
    kind, owner_id, session_id, project_id, merge_key, is_serial, payload, kept_for, created_at)
  values (
    request ->> 'kind', (request ->> 'owner_id')::uuid, (request ->> 'session_id')::uuid,
    (request ->> 'project_id')::uuid, request ->> 'merge_key',
    coalesce((request ->> 'is_serial')::boolean, true), coalesce(request -> 'payload', '{}'),
    case when request ? 'kept_for' then (request ->> 'kept_for')::interval else '1 day' end,
    clock_timestamp())
  on conflict (subject_id, kind, merge_key)
    where status in ('queued', 'running', 'paused') and merge_key is not null
    do update set payload = case when joins_open then open_one.payload
      else open_one.payload || excluded.payload end
  returning * into job;
  if exists (select from public.job_steps where job_id = job.job_id) then
    if joins_open then
      return job;
    end if;
    update public.job_steps
    set payload = payload || coalesce(steps -> 0, '{}'),
        run_after = case when request ? 'run_after' then due_at else run_after end
    where job_id = job.job_id and step = (
      select min(step) from public.job_steps
      where job_id = job.job_id and status in ('waiting', 'queued') and attempts = 0);
    if found then
      return job;
    end if;
  end if;
  perform private.add_steps(job, steps, due_at);
  return job;
end
$$;

revoke all on function private.add_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.add_job(jsonb) to service_role;

-- supabase/schemas/jobs/add_steps.sql

-- Adds an array of payloads as steps at the end of the job, which is locked. Steps of a paused job wait until
-- it is resumed, steps of a serial job until the step before them is done (private.advance_job).
create function private.add_steps(job public.jobs, payloads jsonb, due_at timestamptz)
returns void
language plpgsql set search_path = '' as $$
declare
  -- The limit of public.job_steps: a job that goes on until no work is left may have many steps.
  max_steps constant integer := 100000;
  known constant integer := coalesce((
    select step from public.job_steps where job_id = job.job_id order by step desc limit 1), 0);
  must_wait constant boolean := job.is_serial and exists (
    select from public.job_steps
    where job_id = job.job_id and status in ('waiting', 'queued', 'running'));
begin
  if jsonb_typeof(payloads) is distinct from 'array' or known + jsonb_array_length(payloads) > max_steps
    or exists (
      select from jsonb_array_elements(payloads) sent where jsonb_typeof(sent) <> 'object')
  then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of objects, and a job may have %s.', max_steps));
  end if;
  insert into public.job_steps (job_id, step, owner_id, kind, status, run_after, payload, created_at)
  select job.job_id, known + sent.place, job.owner_id, job.kind,
    case
      when job.status = 'paused' or must_wait or (job.is_serial and sent.place > 1) then 'waiting'
      else 'queued'
    end,
    due_at, sent.payload, clock_timestamp()
  from jsonb_array_elements(payloads) with ordinality as sent (payload, place);
end
$$;

revoke all on function private.add_steps(public.jobs, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.add_steps(public.jobs, jsonb, timestamptz) to service_role;

-- supabase/schemas/jobs/advance_job.sql

-- Advances a job, which is locked, after one of its steps has changed: makes the next step of a serial job
-- due, or ends the job.
create function private.advance_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
  steps record;
begin
  select * into job from public.jobs where job_id = wanted_id;
  if job.status not in ('queued', 'running', 'paused') then
    return job;
  end if;
  select count(*) filter (where status in ('queued', 'running')) as open,
    count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status = 'done') as done,
    count(*) filter (where status = 'failed') as failed,
    count(*) as total
  into steps
  from public.job_steps
  where job_id = wanted_id;
  if job.is_serial and steps.failed = 0 and steps.open = 0 and steps.waiting > 0
    and job.status <> 'paused'
  then
    update public.job_steps set status = 'queued'
    where job_id = wanted_id and step = (
      select min(step) from public.job_steps where job_id = wanted_id and status = 'waiting');
    steps.open := 1;
  end if;
  update public.jobs
  set status = case
        when is_serial and steps.failed > 0 then 'failed'
        when steps.open + steps.waiting > 0 then status
        when steps.done > 0 then 'done'
        else 'failed'
      end,
      progress = case
        when steps.open + steps.waiting > 0
          then greatest(progress, floor(100.0 * (steps.done + steps.failed) / steps.total))
        when steps.done > 0 then 100
        else progress
      end,
      finished_at = case
        when is_serial and steps.failed > 0 or steps.open + steps.waiting = 0
          then clock_timestamp()
      end
  where job_id = wanted_id
  returning * into job;
  return job;
end
$$;

revoke all on function private.advance_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.advance_job(uuid) to service_role;

-- supabase/schemas/jobs/call_job_hook.sql

-- Null when the kind has no such hook.
create function private.call_job_hook(
  hook text, job public.jobs, step public.job_steps, argument jsonb default '{}'
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  answer jsonb;
begin
  if private.has_job_hook(job.kind, hook) then
    execute format('select private.%I($1, $2, $3)', job.kind || '_' || hook)
    into answer
    using job, step, argument;
  end if;
  return answer;
end
$$;

revoke all on function private.call_job_hook(text, public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.call_job_hook(text, public.jobs, public.job_steps, jsonb)
to service_role;

-- supabase/schemas/jobs/cancel_job.sql

-- Cancels a job: {principal, job_id}. The results of its steps are kept. A job that has ended does not
-- change.
create function public.cancel_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running', 'paused') then
    job := private.drop_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.cancel_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.cancel_job(jsonb) to service_role;

-- supabase/schemas/jobs/check_open_jobs.sql

-- Refuses when the owner has reached the limit of open jobs.
create function private.check_open_jobs(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  max_open_jobs constant integer := 200;
begin
  if (
    select count(*) >= max_open_jobs
    from (
      select from public.jobs
      where owner_id = principal_id and status in ('queued', 'running', 'paused')
      limit max_open_jobs
    ) open)
  then
    perform private.refuse(429, 'rate_limited', format(
      '%s jobs of yours are open: wait until one has ended, or cancel one.', max_open_jobs), '60');
  end if;
end
$$;

revoke all on function private.check_open_jobs(uuid) from public, anon, authenticated, service_role;
grant execute on function private.check_open_jobs(uuid) to service_role;

-- supabase/schemas/jobs/claim_step.sql

-- Claims the step that has waited longest, of the owner who has waited longest: {kinds: [...],
-- lease_seconds?, job_id?, session_id?, is_idle?}; returns {step}, which is null when there is nothing to do,
-- or {job_id, step, kind, lease_token, leased_until, attempts, steps, session_id, project_id, user_id} with
-- the kind's own members (private.<kind>_work). No other worker gets the step before the lease ends; once
-- another worker has it, the first worker's result is refused. Requests that wait for a job pass a job_id or
-- a session_id to get only its steps, and is_idle to get only a step that was never tried, of a job that no
-- worker is working on.
create function public.claim_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how many jobs one call tries: a step may need no work, or its row may be locked.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  held_ids uuid[] := '{}';
  due_id uuid;
  job public.jobs;
  due public.job_steps;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of jobs.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    due_id := private.next_due_job(
      wanted_kinds, private.read_id(request, 'job_id'), private.read_id(request, 'session_id'),
      held_ids);
    exit when due_id is null;
    select * into job from public.jobs where job_id = due_id for no key update skip locked;
    if found then
      select * into due from public.job_steps
      where job_id = due_id and status in ('queued', 'running') and run_after <= clock_timestamp()
      order by step
      limit 1
      for update skip locked;
    end if;
    if not found or (request ->> 'is_idle')::boolean and (due.attempts > 0 or exists (
      select from public.job_steps
      where job_id = due_id and status = 'running' and leased_until > clock_timestamp()))
    then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if due.status = 'running' then
      perform private.record_lost_call(job, due);
    end if;
    if due.attempts >= max_attempts then
      -- Its kind may write what the session's lock protects. That lock comes before the job's, so this call
      -- does not wait for it.
      perform from public.sessions
      where session_id = job.session_id
      for no key update skip locked;
      if job.session_id is not null and not found then
        held_ids := held_ids || due_id;
        continue;
      end if;
      perform private.end_attempt(
        job, due, coalesce(due.error, 'Its workers have died.'), 0);
      continue;
    end if;
    if private.has_job_hook(job.kind, 'work') then
      work := private.call_job_hook('work', job, due);
    else
      work := jsonb_build_object('payload', due.payload);
    end if;
    if work is null then
      update public.job_steps
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where job_id = due_id and step = due.step and status in ('queued', 'running');
      perform private.advance_job(due_id);
      continue;
    end if;

    update public.job_steps
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease
    where job_id = due_id and step = due.step
    returning * into due;
    update public.jobs set status = 'running' where job_id = due_id and status = 'queued';
    perform private.mend_queue(due.owner_id, due.kind, true);
    return jsonb_build_object('step', jsonb_build_object(
      'job_id', due.job_id,
      'step', due.step,
      'kind', due.kind,
      'lease_token', due.lease_token,
      'leased_until', private.iso(due.leased_until),
      'attempts', due.attempts,
      'steps', (select count(*) from public.job_steps where job_id = due_id),
      'session_id', job.session_id,
      'project_id', job.project_id,
      'user_id', due.owner_id) || work);
  end loop;
  return '{"step": null}';
end
$$;

revoke all on function public.claim_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.claim_step(jsonb) to service_role;

-- supabase/schemas/jobs/commit_step.sql

-- Stores a step's result: {job_id, step, lease_token, result, calls?, progress?, message?, next_steps?}. The
-- kind decides what to store of the result (private.<kind>_store); calls are the model calls of the step
-- (private.write_model_calls); next_steps are payloads of steps to add at the end of the job. Returns
-- {job_id, step, status, attempts, run_after, job_status, progress, already} with the kind's answer. Calling
-- again changes nothing and returns `already` true.
create function public.commit_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  done public.job_steps := private.open_step(request);
  job public.jobs;
  is_first_call constant boolean := done.status = 'running';
  stored jsonb;
begin
  select * into job from public.jobs where job_id = done.job_id;
  if not is_first_call then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', true));
    return private.describe_step(done, true)
      || coalesce(nullif(stored -> 'answer', 'null'), '{}');
  end if;
  perform private.record_step_calls(job, done, request -> 'calls');
  if private.has_job_hook(job.kind, 'store') then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', false));
  else
    stored := jsonb_build_object('result', request -> 'result');
  end if;
  update public.job_steps
  set status = 'done', result = stored -> 'result', error = null, finished_at = clock_timestamp()
  where job_id = done.job_id and step = done.step
  returning * into done;
  update public.jobs
  set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
      message = coalesce(left(request ->> 'message', 500), message),
      error = case when is_serial then null else error end
  where job_id = done.job_id;
  if jsonb_typeof(request -> 'next_steps') = 'array' and request -> 'next_steps' <> '[]' then
    perform private.add_steps(job, request -> 'next_steps', clock_timestamp());
  end if;
  if (stored ->> 'has_more')::boolean then
    perform private.add_steps(job, '[{}]', clock_timestamp());
  end if;
  perform private.advance_job(done.job_id);
  return private.describe_step(done, false) || coalesce(nullif(stored -> 'answer', 'null'), '{}');
end
$$;

revoke all on function public.commit_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.commit_step(jsonb) to service_role;

-- supabase/schemas/jobs/delete_finished_jobs.sql

-- Deletes jobs that have been kept for their time: {limit?}; returns {deleted}. Background work calls it,
-- without a principal, until nothing is left.
create function public.delete_finished_jobs(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_limit constant integer := 1000;
  max_limit constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  with ended as (
    select job_id from public.jobs
    where finished_at + kept_for < clock_timestamp()
    order by finished_at
    limit row_limit
    for update skip locked
  )
  delete from public.jobs using ended where jobs.job_id = ended.job_id;
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_finished_jobs(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_finished_jobs(jsonb) to service_role;

-- Runs every hour if the database has pg_cron; the development server uses a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-delete-finished-jobs', '23 * * * *',
      $job$select public.delete_finished_jobs('{"limit": 10000}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'finished jobs are not deleted by pg_cron: %', sqlerrm;
end
$$;

-- supabase/schemas/jobs/delete_job_queues.sql

-- Removes a deleted principal's rows, because job_queues has no foreign key.
create function private.delete_job_queues() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.job_queues where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_job_queues() from public, anon, authenticated, service_role;

-- Runs after the cascades, which wait for transactions that are adding work.
create trigger delete_job_queues after delete on public.principals
  for each row execute function private.delete_job_queues();

-- supabase/schemas/jobs/describe_step.sql

-- The state of a step as commit_step and fail_step return it.
create function private.describe_step(step public.job_steps, already boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', step.job_id,
    'step', step.step,
    'status', step.status,
    'attempts', step.attempts,
    'run_after', case when step.status = 'queued' then private.iso(step.run_after) end,
    'job_status', job.status,
    'progress', job.progress,
    'already', already)
  from public.jobs job
  where job.job_id = step.job_id);

revoke all on function private.describe_step(public.job_steps, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.describe_step(public.job_steps, boolean) to service_role;

-- supabase/schemas/jobs/drop_job.sql

-- Ends a job early: steps that are not done are dropped, and a worker that has one finds its lease gone. The
-- job is locked.
create function private.drop_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
begin
  update public.job_steps
  set status = 'dropped', lease_token = null, finished_at = clock_timestamp()
  where job_id = wanted_id and status in ('waiting', 'queued', 'running');
  update public.jobs
  set status = 'cancelled', finished_at = clock_timestamp()
  where job_id = wanted_id and status in ('queued', 'running', 'paused');
  select * into job from public.jobs where job_id = wanted_id;
  return job;
end
$$;

revoke all on function private.drop_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.drop_job(uuid) to service_role;

-- supabase/schemas/jobs/end_attempt.sql

-- Ends an attempt at a step that has failed: the step is retried later, or has failed for good. The job is
-- locked; returns the step.
create function private.end_attempt(
  job public.jobs, failed public.job_steps, reason text, pause_seconds double precision
) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 5;
  is_last constant boolean := failed.attempts >= max_attempts;
begin
  update public.job_steps
  set status = case
        when is_last then 'failed'
        when job.status = 'paused' then 'waiting'
        else 'queued'
      end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      finished_at = case when is_last then clock_timestamp() end,
      error = left(reason, 1000)
  where job_id = failed.job_id and step = failed.step
  returning * into failed;
  if is_last then
    update public.jobs set error = failed.error where job_id = job.job_id;
    job := private.advance_job(job.job_id);
    if job.status = 'failed' then
      perform private.call_job_hook('fail', job, failed);
    end if;
  end if;
  return failed;
end
$$;

revoke all on function private.end_attempt(public.jobs, public.job_steps, text, double precision)
from public, anon, authenticated, service_role;
grant execute on function private.end_attempt(public.jobs, public.job_steps, text, double precision)
to service_role;

-- supabase/schemas/jobs/fail_step.sql

-- Gives back a step that could not be done: {job_id, step, lease_token, error, retry_after_seconds?, calls?};
-- returns what commit_step does, without the kind's answer. A step is tried five times, with growing pauses.
create function public.fail_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  failed public.job_steps := private.open_step(request);
  job public.jobs;
  -- Each pause is four times as long as the one before, with jitter: many steps wait for a provider that was
  -- down.
  pause_seconds constant double precision :=
    first_pause_seconds * 4 ^ (failed.attempts - 1) * (0.75 + random() / 2);
begin
  select * into job from public.jobs where job_id = failed.job_id;
  if failed.status <> 'running' then
    return private.describe_step(failed, true);
  end if;
  perform private.record_step_calls(job, failed, request -> 'calls');
  failed := private.end_attempt(job, failed, request ->> 'error', least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds));
  return private.describe_step(failed, false);
end
$$;

revoke all on function public.fail_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.fail_step(jsonb) to service_role;

-- supabase/schemas/jobs/go_on_with_job.sql

-- Makes the waiting steps of a job, which is locked, due.
create function private.go_on_with_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
begin
  update public.jobs
  set status = case when exists (
        select from public.job_steps where job_id = wanted_id and attempts > 0)
        then 'running' else 'queued' end,
      finished_at = null
  where job_id = wanted_id
  returning * into job;
  if not job.is_serial then
    update public.job_steps set status = 'queued' where job_id = wanted_id and status = 'waiting';
  end if;
  return private.advance_job(wanted_id);
end
$$;

revoke all on function private.go_on_with_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.go_on_with_job(uuid) to service_role;

-- supabase/schemas/jobs/has_due_step.sql

-- Whether a step could be claimed now; returns {due}. Schedulers ask this before they start a worker.
create function public.has_due_step(request jsonb) returns jsonb
language sql stable set lock_timeout = '2s'
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp()));

revoke all on function public.has_due_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.has_due_step(jsonb) to service_role;

-- supabase/schemas/jobs/has_job_hook.sql

-- The functions of a kind of work in the database. They are found by the kind's name, so a new kind changes
-- nothing here:
--
--   private.<kind>_work(jobs, job_steps, '{}')
--     returns the kind's members of a claimed step; null: no work is left, or the hook has
--     ended the job. Without this hook: {"payload": the step's}.
--   private.<kind>_store(jobs, job_steps, {result, already})
--     stores the result and returns {result?: what is kept with the step, answer?: what the worker is
--     told, has_more?: another step is needed}. With `already` it stores nothing. Without this hook the
--     result is kept unchanged.
--   private.<kind>_fail(jobs, job_steps, '{}')
--     runs after the job has failed.

create function private.has_job_hook(kind text, hook text) returns boolean
language sql stable
return to_regprocedure(
  format('private.%I(public.jobs, public.job_steps, jsonb)', kind || '_' || hook)) is not null;

revoke all on function private.has_job_hook(text, text) from public, anon, authenticated, service_role;
grant execute on function private.has_job_hook(text, text) to service_role;

-- supabase/schemas/jobs/job_body.sql

-- A job's status and progress, for its owner.
create function private.job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', job.job_id,
    'kind', job.kind,
    'session_id', job.session_id,
    'project_id', job.project_id,
    'status', job.status,
    'progress', job.progress,
    'message', job.message,
    'error', job.error,
    'steps', count(*),
    'steps_done', count(*) filter (where step.status = 'done'),
    'steps_failed', count(*) filter (where step.status = 'failed'),
    'created_at', private.iso(job.created_at),
    'finished_at', private.iso(job.finished_at))
  from public.job_steps step
  where step.job_id = job.job_id);

revoke all on function private.job_body(public.jobs) from public, anon, authenticated, service_role;
grant execute on function private.job_body(public.jobs) to service_role;

-- supabase/schemas/jobs/mend_queue.sql

-- Moves the owner to the end of the queue, and corrects their row. It skips locked rows: the transaction that
-- holds one is serving the same owner, or is adding work to it.
create function private.mend_queue(wanted_owner_id uuid, wanted_kind text, is_served boolean)
returns void
language plpgsql set search_path = '' as $$
declare
  next_at timestamptz;
begin
  if is_served then
    update public.job_queues set served_at = clock_timestamp()
    where owner_id = wanted_owner_id and kind in (
      select kind from public.job_queues where owner_id = wanted_owner_id
      for update skip locked);
  end if;
  perform from public.job_queues
  where owner_id = wanted_owner_id and kind = wanted_kind
  for update skip locked;
  if not found then
    return;
  end if;
  select run_after into next_at from public.job_steps
  where owner_id = wanted_owner_id and kind = wanted_kind and status in ('queued', 'running')
  order by run_after
  limit 1;
  if found then
    update public.job_queues set next_due_at = next_at
    where owner_id = wanted_owner_id and kind = wanted_kind and next_due_at <> next_at;
  else
    delete from public.job_queues where owner_id = wanted_owner_id and kind = wanted_kind;
  end if;
end
$$;

revoke all on function private.mend_queue(uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function private.mend_queue(uuid, text, boolean) to service_role;

-- supabase/schemas/jobs/next_due_job.sql

-- The job with the longest waiting step, of the kind and owner that have waited longest. With a job_id or a
-- session_id, only such a job. Null when nothing is due.
create function private.next_due_job(
  kinds text[], wanted_job_id uuid, wanted_session_id uuid, held_ids uuid[]
) returns uuid
language plpgsql set search_path = '' as $$
declare
  -- Bounds how many owners one call tries whose steps cannot be claimed.
  max_looks constant integer := 50;
  asked_at constant timestamptz := clock_timestamp();
  passed_over text[] := '{}';
  turn record;
  due_id uuid;
begin
  if wanted_job_id is not null or wanted_session_id is not null then
    select step.job_id into due_id
    from public.jobs job
    join public.job_steps step on step.job_id = job.job_id
    where (job.job_id = wanted_job_id
        or wanted_job_id is null and job.session_id = wanted_session_id)
      and job.kind = any (kinds) and job.job_id <> all (held_ids)
      and step.status in ('queued', 'running') and step.run_after <= asked_at
    order by step.run_after
    limit 1;
    return due_id;
  end if;
  for look in 1..max_looks loop
    select first.owner_id, wanted.kind into turn
    from unnest(kinds) with ordinality as wanted (kind, place)
    cross join lateral (
      select queue.owner_id, queue.served_at from public.job_queues queue
      where queue.kind = wanted.kind and queue.next_due_at <= asked_at
        and queue.owner_id || wanted.kind <> all (passed_over)
      order by queue.served_at, queue.next_due_at
      limit 1
    ) first
    order by first.served_at, wanted.place
    limit 1;
    if not found then
      return null;
    end if;
    select step.job_id into due_id
    from public.job_steps step
    where step.owner_id = turn.owner_id and step.kind = turn.kind
      and step.status in ('queued', 'running') and step.run_after <= asked_at
      and step.job_id <> all (held_ids)
    order by step.run_after, step.job_id, step.step
    limit 1;
    if found then
      return due_id;
    end if;
    passed_over := passed_over || (turn.owner_id || turn.kind);
    if held_ids = '{}' then
      perform private.mend_queue(turn.owner_id, turn.kind, false);
    end if;
  end loop;
  return null;
end
$$;

revoke all on function private.next_due_job(text[], uuid, uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function private.next_due_job(text[], uuid, uuid, uuid[]) to service_role;

-- supabase/schemas/jobs/open_step.sql

-- Locks and returns the step with this lease, after its subject and job; refuses when the lease is not the
-- step's latest.
create function private.open_step(request jsonb) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  job public.jobs;
  opened public.job_steps;
begin
  select * into job from public.jobs where job_id = wanted_id;
  perform from public.sessions where session_id = job.session_id for no key update;
  perform from public.projects where project_id = job.project_id for share;
  perform from public.jobs where job_id = wanted_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such job, or what it was for is gone: drop what was done.');
  end if;
  select * into opened from public.job_steps
  where job_id = wanted_id and step = (request ->> 'step')::integer
  for update;
  if (opened.lease_token = lease) is not true then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this step, or it begins anew, or its job was cancelled: drop what was done.');
  end if;
  return opened;
end
$$;

revoke all on function private.open_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.open_step(jsonb) to service_role;

-- supabase/schemas/jobs/own_job.sql

-- Returns a job of the principal's, locked together with its subject if it is to be changed; refuses
-- otherwise.
create function private.own_job(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
begin
  select * into job from public.jobs where job_id = wanted_id and owner_id = principal_id;
  if found and is_locked then
    perform from public.sessions where session_id = job.session_id for no key update;
    perform from public.projects where project_id = job.project_id for share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse_job();
  end if;
  return job;
end
$$;

revoke all on function private.own_job(jsonb, boolean) from public, anon, authenticated, service_role;
grant execute on function private.own_job(jsonb, boolean) to service_role;

-- supabase/schemas/jobs/pause_job.sql

-- Pauses a job: {principal, job_id}. No step is begun until the job is resumed; a step that is running is
-- finished.
create function public.pause_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running') then
    update public.job_steps set status = 'waiting'
    where job_id = job.job_id and status = 'queued';
    update public.jobs set status = 'paused' where job_id = job.job_id returning * into job;
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.pause_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.pause_job(jsonb) to service_role;

-- supabase/schemas/jobs/queue_step.sql

-- Updates the owner's queue when a step becomes claimable, is due earlier, or moves to another owner.
create function private.queue_step() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.job_queues as queue (owner_id, kind, served_at, next_due_at)
  values (new.owner_id, new.kind, clock_timestamp(), new.run_after)
  on conflict (owner_id, kind) do update
  set next_due_at = least(queue.next_due_at, excluded.next_due_at);
  return null;
end
$$;

revoke all on function private.queue_step() from public, anon, authenticated, service_role;

create trigger queue_new_step after insert on public.job_steps
  for each row when (new.status in ('queued', 'running')) execute function private.queue_step();

create trigger queue_step after update of status, run_after, owner_id on public.job_steps
  for each row when (
    new.status in ('queued', 'running') and (
      old.status not in ('queued', 'running') or new.run_after < old.run_after
      or new.owner_id <> old.owner_id))
  execute function private.queue_step();

-- supabase/schemas/jobs/read_job.sql

-- Reads a job's status and progress: {principal, job_id}.
create function public.read_job(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.answer(private.job_body(private.own_job(request, false)));

revoke all on function public.read_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_job(jsonb) to service_role;

-- supabase/schemas/jobs/refuse_job.sql

create function private.refuse_job() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such job: use the id that it was begun with.');
end
$$;

revoke all on function private.refuse_job() from public, anon, authenticated, service_role;
grant execute on function private.refuse_job() to service_role;

-- supabase/schemas/jobs/report_step.sql

-- Reports that a worker goes on, and extends its lease: {job_id, step, lease_token, lease_seconds?,
-- progress?, message?, generation_id?}, where progress is the job's in percent, and generation_id the text
-- that the step makes. Returns {leased_until}; refused like a commit when another worker has the step by now,
-- or the job was cancelled.
create function public.report_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  reported public.job_steps := private.open_step(request);
  lease_end constant timestamptz := clock_timestamp() + make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
begin
  if reported.status = 'running' then
    update public.job_steps
    set leased_until = greatest(leased_until, lease_end),
        run_after = greatest(leased_until, lease_end),
        generation_id = coalesce(private.read_id(request, 'generation_id'), generation_id)
    where job_id = reported.job_id and step = reported.step
    returning * into reported;
    update public.jobs
    set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
        message = coalesce(left(request ->> 'message', 500), message)
    where job_id = reported.job_id;
  end if;
  return jsonb_build_object('leased_until', private.iso(reported.leased_until));
end
$$;

revoke all on function public.report_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.report_step(jsonb) to service_role;

-- supabase/schemas/jobs/resume_job.sql

-- Resumes a job that was paused: {principal, job_id}.
create function public.resume_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.resume_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.resume_job(jsonb) to service_role;

-- supabase/schemas/jobs/retry_step.sql

-- Retries a step that has failed for good: {principal, job_id, step}. The job goes on from it, and keeps the
-- results of other steps. Refused when the step has not failed, or the job was cancelled.
create function public.retry_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'cancelled' then
    perform private.refuse(422, 'invalid_request', 'The job was cancelled: begin another one.');
  end if;
  if job.finished_at is not null then
    -- A newer job has taken this one's place.
    if exists (
      select from public.jobs
      where subject_id = job.subject_id and kind = job.kind and merge_key = job.merge_key
        and status in ('queued', 'running', 'paused'))
    then
      perform private.refuse(422, 'invalid_request',
        'Another job does the same already: wait for that one.');
    end if;
    perform private.check_open_jobs(job.owner_id);
  end if;
  update public.job_steps
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = 0, lease_token = null, leased_until = null, run_after = clock_timestamp(),
      error = null, finished_at = null
  where job_id = job.job_id and step = (request ->> 'step')::integer and status = 'failed';
  if not found then
    perform private.refuse(422, 'invalid_request',
      'This step has not failed: only what was given up is tried again.');
  end if;
  update public.jobs set error = null where job_id = job.job_id;
  if job.status <> 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.retry_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.retry_step(jsonb) to service_role;

-- supabase/schemas/jobs/start_job.sql

-- Begins a job for a person: {principal, kind, session_id or project_id, merge_key?, is_serial?, payload?,
-- steps?, delay_seconds?}, as for private.add_job; 202 with private.job_body. An owner may have at most 200
-- open jobs.
create function public.start_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 1000;
  max_delay_seconds constant double precision := 31536000;
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  delay_seconds constant double precision := (request ->> 'delay_seconds')::double precision;
  job public.jobs;
begin
  if jsonb_typeof(request -> 'steps') = 'array'
    and jsonb_array_length(request -> 'steps') not between 1 and max_steps
  then
    perform private.refuse(422, 'invalid_request',
      format('A job may be begun with 1 to %s steps.', max_steps));
  end if;
  if wanted_session_id is not null then
    perform private.open_own_session(principal_id, wanted_session_id);
  else
    perform private.open_project(principal_id, private.read_id(request, 'project_id'));
  end if;
  perform private.check_open_jobs(principal_id);
  job := private.add_job(
    (request - array['principal', 'owner_id', 'delay_seconds', 'run_after', 'kept_for', 'project_id'])
    || jsonb_build_object('owner_id', principal_id)
    || case when wanted_session_id is null
      then jsonb_build_object('project_id', request -> 'project_id') else '{}' end
    || case when delay_seconds is null then '{}' else jsonb_build_object(
      'run_after', clock_timestamp() + make_interval(
        secs => least(greatest(delay_seconds, 0), max_delay_seconds))) end);
  return private.answer(private.job_body(job), 202);
end
$$;

revoke all on function public.start_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.start_job(jsonb) to service_role;

-- supabase/schemas/jobs/wake_for_step.sql

-- Starts a worker for a new job at once if the database can send requests; elsewhere a scheduler polls. Steps
-- that are added later are found by the worker that has added them.
create function private.wake_for_step() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from added where step = 1)
    and to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null
  then
    -- A request that cannot be sent must not undo the turn that has added the job.
    begin
      perform private.wake_functions();
    exception when others then
      raise warning 'the function tasks was not called: %', sqlerrm;
    end;
  end if;
  return null;
end
$$;

revoke all on function private.wake_for_step() from public, anon, authenticated, service_role;

create trigger wake_for_step after insert on public.job_steps
  referencing new table as added
  for each statement execute function private.wake_for_step();

-- supabase/schemas/jobs/wake_functions.sql

-- Calls the function tasks when there is work, from the database's own scheduler (pg_cron), if the database
-- can send requests. Elsewhere another scheduler calls it: the development server's timer, or Cloudflare's
-- cron trigger.

-- Posts to /tasks/run if a step is due; returns whether it has. Needs the extension pg_net, and two secrets
-- in Supabase's Vault: fabula_functions_url, such as https://x.supabase.co/functions/v1, and
-- fabula_secret_key. Without them it does nothing.
create function private.wake_functions() returns boolean
language plpgsql set search_path = '' as $$
declare
  -- The longest time that the function works: closing the connection earlier may end the function.
  timeout_ms constant integer := 60000;
  functions_url text;
  secret_key text;
begin
  if to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is null
    or to_regclass('vault.decrypted_secrets') is null
    or not (public.has_due_step('{}') ->> 'due')::boolean
  then
    return false;
  end if;
  -- Dynamic SQL, because both are parsed only where they exist.
  execute $query$
    select max(decrypted_secret) filter (where name = 'fabula_functions_url'),
      max(decrypted_secret) filter (where name = 'fabula_secret_key')
    from vault.decrypted_secrets
    where name in ('fabula_functions_url', 'fabula_secret_key')
  $query$ into functions_url, secret_key;
  if functions_url is null or secret_key is null then
    return false;
  end if;
  execute $call$
    select net.http_post(
      url := $1, body := '{}', headers := $2, timeout_milliseconds := $3)
  $call$ using
    rtrim(functions_url, '/') || '/tasks/run',
    jsonb_build_object('apikey', secret_key, 'content-type', 'application/json'),
    timeout_ms;
  return true;
end
$$;

revoke all on function private.wake_functions() from public, anon, authenticated, service_role;

do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net;
  end if;
exception when others then
  raise notice 'the function tasks is not called by pg_net: %', sqlerrm;
end
$$;

-- Runs every minute if the database has pg_cron; the development server uses a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-run-tasks', '* * * * *',
      $job$select private.wake_functions()$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'the function tasks is not called by pg_cron: %', sqlerrm;
end
$$;

-- supabase/schemas/metrics/count_model_call.sql

create function private.count_model_call() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    insert into public.model_call_changes (
      kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
    values (
      old.kind, coalesce(old.provider, 'unknown'), coalesce(old.model, 'unknown'), old.status, -1,
      -coalesce(old.input_tokens, 0), -old.output_tokens, -coalesce(old.cost_usd, 0));
  end if;
  insert into public.model_call_changes (
    kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
  values (
    new.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status, 1,
    coalesce(new.input_tokens, 0), new.output_tokens, coalesce(new.cost_usd, 0));
  return null;
end
$$;

revoke all on function private.count_model_call() from public, anon, authenticated, service_role;

create trigger count_model_call
  after insert or update of provider, model, status, input_tokens, output_tokens, cost_usd
  on public.model_calls
  for each row execute function private.count_model_call();

-- supabase/schemas/metrics/count_model_calls.sql

-- Adds the changes that are not in the totals yet. Never runs concurrently: the caller has locked the cache's
-- row.
create function private.count_model_calls() returns void
language plpgsql set search_path = '' as $$
declare
  -- The same limit as in private.count_turn_ends.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.model_call_totals) known);
begin
  with changed as (
    delete from public.model_call_changes returning *
  ),
  models as (
    select sent.*, exists (
      select from public.model_call_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from changed) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  )
  insert into public.model_call_totals as total
  select changed.kind, coalesce(admitted.provider, 'other') as provider,
    coalesce(admitted.model, 'other') as model, changed.status,
    sum(changed.calls), sum(changed.input_tokens), sum(changed.output_tokens), sum(changed.cost_usd)
  from changed
  left join admitted
    on admitted.kind = changed.kind and admitted.provider = changed.provider
    and admitted.model = changed.model
  group by 1, 2, 3, 4
  on conflict (kind, provider, model, status) do update
  set calls = total.calls + excluded.calls,
      input_tokens = total.input_tokens + excluded.input_tokens,
      output_tokens = total.output_tokens + excluded.output_tokens,
      cost_usd = total.cost_usd + excluded.cost_usd;
end
$$;

revoke all on function private.count_model_calls() from public, anon, authenticated, service_role;
grant execute on function private.count_model_calls() to service_role;

-- supabase/schemas/metrics/count_turn_end.sql

-- Counts the end of every generation. If a reply's end for silence was counted already, only the difference
-- since then is added.
create function private.count_turn_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.turn_ends (
    kind, provider, model, status, saves, first_token_ms, latency_ms, generation_id, is_addition)
  select session.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status,
    new.save_count, new.first_token_ms, new.latency_ms, new.generation_id, new.is_end_counted
  from public.sessions session
  where session.session_id = new.session_id;
  return null;
end
$$;

revoke all on function private.count_turn_end() from public, anon, authenticated, service_role;

create trigger count_turn_end after update of status on public.generations
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.count_turn_end();

-- supabase/schemas/metrics/count_turn_ends.sql

-- Adds the ends that are not in the totals yet. Never runs concurrently: the caller has locked the cache's
-- row.
create function private.count_turn_ends() returns void
language plpgsql set search_path = '' as $$
declare
  -- Owners of bots choose names of models, and each name is a time series for whoever reads the metrics.
  -- Names beyond the limit are counted together.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.turn_totals) known);
begin
  with ended as (
    delete from public.turn_ends returning *
  ),
  models as (
    select sent.*, exists (
      select from public.turn_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from ended) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  ),
  counted as (
    insert into public.turn_totals as total
    select ended.kind, coalesce(admitted.provider, 'other') as provider,
      coalesce(admitted.model, 'other') as model, ended.status,
      count(*) filter (where not ended.is_addition), sum(ended.saves)
    from ended
    left join admitted
      on admitted.kind = ended.kind and admitted.provider = ended.provider
      and admitted.model = ended.model
    group by 1, 2, 3, 4
    on conflict (kind, provider, model, status) do update
    set turns = total.turns + excluded.turns,
        saves = total.saves + excluded.saves
  )
  insert into public.duration_totals as total
  -- Durations are whole milliseconds, so bounds up to duration - 1 are those below the duration.
  select timed.measure, ended.kind,
    width_bucket(timed.duration_ms - 1, private.duration_bounds_ms()) as bucket,
    count(*), sum(timed.duration_ms)
  from ended
  cross join lateral (
    values ('first_token', ended.first_token_ms), ('latency', ended.latency_ms)
  ) timed (measure, duration_ms)
  where timed.duration_ms is not null
  group by 1, 2, 3
  on conflict (measure, kind, bucket) do update
  set durations = total.durations + excluded.durations, sum_ms = total.sum_ms + excluded.sum_ms;
end
$$;

revoke all on function private.count_turn_ends() from public, anon, authenticated, service_role;
grant execute on function private.count_turn_ends() to service_role;

-- supabase/schemas/metrics/duration_bounds_ms.sql

-- Upper bounds of the histograms' buckets; the last bucket has none.
create function private.duration_bounds_ms() returns integer[]
language sql immutable parallel safe
return array[50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 60000, 120000, 300000];

revoke all on function private.duration_bounds_ms() from public, anon, authenticated, service_role;
grant execute on function private.duration_bounds_ms() to service_role;

-- supabase/schemas/metrics/metrics_text.sql

-- The metrics from the current totals and rows. Kinds and statuses without rows are left out of a metric;
-- kinds of principals are always listed. Ended jobs are counted for a day.
create function private.metrics_text() returns text
language plpgsql set search_path = '' as $$
begin
  return private.metric(
    'fabula_turns_total', 'counter', 'Turns that have ended.', (
      select string_agg(
        private.metric_sample(
          'fabula_turns_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          turns),
        '' order by kind, provider, model, status)
      from public.turn_totals))
  || private.metric(
    'fabula_tokens_total', 'counter',
    'Tokens of calls to models; output is estimated where the provider tells none.', (
      select string_agg(
        private.metric_sample(
          'fabula_tokens_total',
          private.metric_labels(
            'kind', used.kind, 'provider', used.provider, 'model', used.model,
            'direction', counted.direction),
          counted.tokens),
        '' order by used.kind, used.provider, used.model, counted.direction)
      from (
        select kind, provider, model,
          sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
        from public.model_call_totals
        group by kind, provider, model
      ) used
      cross join lateral (
        values ('input', used.input_tokens), ('output', used.output_tokens)
      ) counted (direction, tokens)))
  || private.metric(
    'fabula_model_calls_total', 'counter', 'Calls to models, of turns and of work after them.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_calls_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          calls),
        '' order by kind, provider, model, status)
      from public.model_call_totals))
  || private.metric(
    'fabula_model_cost_usd_total', 'counter', 'What providers say that calls have cost, in US dollars.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_cost_usd_total',
          private.metric_labels('kind', kind, 'provider', provider, 'model', model),
          cost_usd),
        '' order by kind, provider, model)
      from (
        select kind, provider, model, sum(cost_usd) as cost_usd
        from public.model_call_totals
        group by kind, provider, model
        having sum(cost_usd) > 0
      ) told))
  || private.metric(
    'fabula_saves_total', 'counter', 'Saves with new text, of turns that have ended.',
    private.metric_sample('fabula_saves_total', '', (
      select coalesce(sum(saves), 0) from public.turn_totals)))
  || private.metric(
    'fabula_rate_limited_total', 'counter', 'Turns that were refused by a rate limit.',
    private.metric_sample('fabula_rate_limited_total', '', (
      select case when is_called then last_value else 0 end from private.rate_limited)))
  || private.metric(
    'fabula_generations_running', 'gauge', 'Replies that are being written.', (
      select string_agg(
        private.metric_sample(
          'fabula_generations_running', private.metric_labels('kind', kind), generations),
        '' order by kind)
      from (
        select session.kind, count(*) as generations
        from public.generations generation
        join public.sessions session on session.session_id = generation.session_id
        where generation.status = 'streaming'
        group by session.kind
      ) running))
  || private.duration_histogram(
    'fabula_first_token_seconds', 'Time from the start of a turn to its first token.',
    'first_token')
  || private.duration_histogram(
    'fabula_turn_duration_seconds', 'Time from the start of a turn to its end.', 'latency')
  || private.metric(
    'fabula_principals', 'gauge', 'Users, and guests whose time is not over.', (
      select string_agg(
        private.metric_sample(
          'fabula_principals', private.metric_labels('kind', known.kind), known.principals),
        '' order by known.kind)
      from (
        select kinds.kind, count(principal.id) as principals
        from unnest('{external,guest,user}'::text[]) kinds (kind)
        left join public.principals principal
          on principal.kind = kinds.kind and principal.migrated_to is null
          and (principal.expires_at is null or principal.expires_at > clock_timestamp())
        group by kinds.kind
      ) known))
  || private.metric(
    'fabula_background_tasks', 'gauge', 'Work after turns; what has ended is kept for a while.', (
      select string_agg(
        private.metric_sample(
          'fabula_background_tasks',
          private.metric_labels('kind', kind, 'status', status),
          tasks),
        '' order by kind, status)
      from (
        select kind, status, count(*) as tasks
        from public.jobs
        where finished_at is null or finished_at > clock_timestamp() - interval '1 day'
        group by kind, status
      ) kept));
end
$$;

revoke all on function private.metrics_text() from public, anon, authenticated, service_role;
grant execute on function private.metrics_text() to service_role;

-- supabase/schemas/metrics/prometheus.sql

-- The labels of a sample, from alternating names and values: `{kind="chat",model="a-model"}`.
create function private.metric_labels(variadic names_and_values text[]) returns text
language sql immutable parallel safe
return '{' || (
  select pg_catalog.string_agg(
    names_and_values[place] || '="' || pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
      names_and_values[place + 1], '\', '\\'), '"', '\"'), pg_catalog.chr(10), '\n') || '"',
    ',' order by place)
  from pg_catalog.generate_series(1, pg_catalog.cardinality(names_and_values), 2) place) || '}';

-- A line of Prometheus' text format.
create function private.metric_sample(name text, labels text, value numeric) returns text
language sql immutable parallel safe
return name || labels || ' ' || pg_catalog.trim_scale(value) || pg_catalog.chr(10);

-- A metric in Prometheus' text format; without samples if they are null.
create function private.metric(name text, type text, help text, samples text) returns text
language sql immutable parallel safe
return '# HELP ' || name || ' ' || help || pg_catalog.chr(10)
  || '# TYPE ' || name || ' ' || type || pg_catalog.chr(10)
  || coalesce(samples, '');

-- A histogram in seconds for each kind of session. Buckets are cumulative.
create function private.duration_histogram(name text, help text, wanted_measure text) returns text
language sql stable
return private.metric(name, 'histogram', help, (
  select string_agg(
    (
      select string_agg(
        private.metric_sample(
          name || '_bucket',
          private.metric_labels(
            'kind', measured.kind,
            'le', coalesce(trim_scale(bound.le_ms / 1000.0)::text, '+Inf')),
          (
            select coalesce(sum(total.durations), 0)
            from public.duration_totals total
            where total.measure = wanted_measure and total.kind = measured.kind
              and total.bucket < bound.place)),
        '' order by bound.place)
      -- Null is the bucket without an upper bound.
      from unnest(private.duration_bounds_ms() || null::integer)
        with ordinality as bound (le_ms, place)
    )
    || private.metric_sample(
      name || '_sum', private.metric_labels('kind', measured.kind), measured.sum_ms / 1000.0)
    || private.metric_sample(
      name || '_count', private.metric_labels('kind', measured.kind), measured.durations),
    '' order by measured.kind)
  from (
    select kind, sum(durations) as durations, sum(sum_ms) as sum_ms
    from public.duration_totals
    where measure = wanted_measure
    group by kind
  ) measured
));

revoke all on function
  private.metric_labels(text[]),
  private.metric_sample(text, text, numeric),
  private.metric(text, text, text, text),
  private.duration_histogram(text, text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.metric_labels(text[]),
  private.metric_sample(text, text, numeric),
  private.metric(text, text, text, text),
  private.duration_histogram(text, text, text)
to service_role;

-- supabase/schemas/metrics/read_metrics.sql

-- Reads the deployment's metrics, at most 15 seconds old: {}. Returns {text}, in Prometheus' text format
-- 0.0.4. Totals never decrease.
create function public.read_metrics(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_age constant interval := '15 seconds';
  cached public.metrics_cache;
  asked_at timestamptz;
begin
  select * into cached from public.metrics_cache;
  if cached.made_at <= clock_timestamp() - max_age then
    -- One caller renews the cache; concurrent callers get the cached text, if there is any.
    select * into cached from public.metrics_cache for update skip locked;
    if not found then
      select * into cached from public.metrics_cache where text is not null;
      if found then
        return jsonb_build_object('text', cached.text);
      end if;
      select * into cached from public.metrics_cache for update;
    end if;
    asked_at := clock_timestamp();
    if cached.made_at <= asked_at - max_age then
      perform private.count_turn_ends();
      perform private.count_model_calls();
      update public.metrics_cache
      set made_at = asked_at, text = private.metrics_text()
      returning * into cached;
    end if;
  end if;
  return jsonb_build_object('text', cached.text);
end
$$;

revoke all on function public.read_metrics(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_metrics(jsonb) to service_role;

-- If nobody reads the metrics, rows of ends would accumulate forever.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-count-turn-ends', '41 * * * *',
      $job$select public.read_metrics('{}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'ends of turns are not counted by pg_cron: %', sqlerrm;
end
$$;

-- supabase/schemas/privileges/align_grants_with_policies.sql

-- Gives anon and authenticated exactly what some policy is about, and service_role everything, on
-- every table of `public` with row level security, and lets authenticated read the views on them. Each
-- migration with tables, views or policies ends with a call of it. A function, because Supabase's defaults,
-- and the embedded Supabase at each start, give all rights to all three.
create function private.align_grants_with_policies() returns void
language plpgsql set search_path = '' as $$
declare
  protected record;
  allowed record;
begin
  for protected in
    select oid::regclass as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity
  loop
    execute format('revoke all on %s from public, anon, authenticated', protected.name);
    execute format('grant all on %s to service_role', protected.name);
    for allowed in
      select case policy.polcmd
          when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
          when 'd' then 'delete' else 'select, insert, update, delete'
        end as commands,
        role.rolname as role_name
      from pg_policy policy
      join pg_roles role on role.oid = any (policy.polroles)
      where policy.polrelid = protected.name and role.rolname in ('anon', 'authenticated')
    loop
      execute format('grant %s on %s to %I',
        allowed.commands, protected.name, allowed.role_name);
    end loop;
  end loop;
  -- A view shows what its tables' policies let whoever asks see, and is written through by nobody.
  for protected in
    select oid::regclass as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'v'
      and 'security_invoker=true' = any (reloptions)
  loop
    execute format('revoke all on %s from public, anon, authenticated', protected.name);
    execute format('grant all on %s to service_role', protected.name);
    execute format('grant select on %s to authenticated', protected.name);
  end loop;
end
$$;

revoke all on function private.align_grants_with_policies()
from public, anon, authenticated, service_role;

-- Of all tables and policies of the schema files, which are there by now.
select private.align_grants_with_policies();

-- supabase/schemas/privileges/timeouts.sql

-- No statement runs longer than whoever asked for it waits: the edge's calls give up after 15 seconds
-- (kDatabaseTimeoutMs in wasm/engine/database.hpp). PostgREST takes these settings over with the role. That
-- nobody waits long for a lock is a setting of each function: one locked principal delays only itself.
do $$
begin
  alter role service_role set statement_timeout = '10s';
  alter role authenticated set statement_timeout = '8s';
  alter role anon set statement_timeout = '3s';
exception when insufficient_privilege then
  -- Where roles are another's, their owner sets it.
  raise notice 'statement time-outs of roles are left as they are: %', sqlerrm;
end
$$;
