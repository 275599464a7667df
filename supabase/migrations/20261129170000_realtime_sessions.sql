-- Realtime sessions: their connections, their log of events, and a summary when they have been left.

-- What a realtime session has besides its conversation: who is present, when it ended, and its summary.
create table public.live_sessions (
  session_id uuid primary key,
  owner_id uuid not null,
  -- Counts how often the session has begun: it begins anew when something happens after its end.
  visit integer not null default 1 check (visit >= 1),
  -- The first connection; null while the session has had turns only.
  opened_at timestamptz,
  -- The last moment at which somebody is known to have been here, apart from the connections that are.
  present_until timestamptz not null,
  -- How long after that the session ends, as the functions are set.
  left_seconds integer not null default 60 check (left_seconds between 1 and 86400),
  -- When the session was left, once it has ended.
  end_time timestamptz,
  summary text check (octet_length(summary) between 1 and 8192),
  constraint live_sessions_are_summarised_after_their_end check (summary is null or end_time is not null),
  constraint live_sessions_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade
);

alter table public.live_sessions enable row level security;

create policy own_live_sessions_are_readable on public.live_sessions for select to authenticated
  using (owner_id = (select private.current_principal()));

-- The sockets that are open. An isolate may die without a word, so a connection that has not been seen for a
-- minute is gone (private.gone_after).
create table public.live_connections (
  -- The functions make a new one for each socket.
  connection_id uuid primary key,
  session_id uuid not null,
  owner_id uuid not null,
  -- Not indexed, so that renewing it touches no index.
  seen_at timestamptz not null,
  constraint live_connections_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade
);

comment on table public.live_connections is 'Open sockets. Not readable over REST.';

create index live_connections_of_session on public.live_connections (session_id);

alter table public.live_connections enable row level security;

-- The log of a realtime session. Ids grow in the order in which a session's transactions commit, because each
-- writer holds the session's lock: who has seen an id misses nothing by asking for those after it.
create table public.conversation_events (
  event_id bigint generated always as identity primary key,
  session_id uuid not null,
  owner_id uuid not null,
  role text not null check (role in ('user', 'assistant', 'system', 'tool')),
  type text not null check (type in ('message', 'error', 'tool_call', 'tool_result', 'system')),
  -- The text as it was at that time; of an error its code.
  content text not null check (octet_length(content) <= 4194304),
  -- An event goes with its message or its generation: a turn that was withdrawn leaves none behind.
  message_id uuid,
  generation_id uuid references public.generations (generation_id) on delete cascade,
  -- What the client called its message.
  client_id text check (char_length(client_id) between 1 and 128),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  constraint conversation_events_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint conversation_events_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

-- A session's events in their order.
create index conversation_events_of_session on public.conversation_events (session_id, event_id);
-- The events of a message, which are deleted with it.
create index conversation_events_of_message on public.conversation_events (session_id, message_id);
-- The events of a generation, which are deleted with it.
create index conversation_events_of_generation on public.conversation_events (generation_id);
-- A tool's call and its result are stored once.
create unique index conversation_events_of_call
  on public.conversation_events (generation_id, type, (metadata ->> 'call_id'))
  where generation_id is not null and metadata ? 'call_id';

alter table public.conversation_events enable row level security;

create policy own_events_are_readable on public.conversation_events for select to authenticated
  using (owner_id = (select private.current_principal()));

-- A view that is for reading only: whoever has no rights is told so before, as of any other view.
create function private.refuse_writing() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(405, 'method_not_allowed', format(
    '%s can only be read: the functions write what it shows.', tg_table_name));
  return null;
end
$$;

revoke all on function private.refuse_writing() from public, anon, authenticated, service_role;

-- A session that is not over has an open job, due when it could be over at the earliest. So a session ends
-- and is summarised whether its last connection says goodbye or dies.

-- How long a connection may be unseen before it is gone. Connections are renewed every 20 seconds at least.
create function private.gone_after() returns interval
language sql immutable parallel safe
return interval '60 seconds';

-- Plans the session's end for this time; the session is locked.
create function private.plan_realtime_summary(wanted_session_id uuid, due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.add_job(jsonb_build_object(
    'kind', 'realtime_summary', 'owner_id', session.owner_id, 'session_id', session.session_id,
    'merge_key', 'session', 'run_after', due_at))
  from public.sessions session
  where session.session_id = wanted_session_id;
end
$$;

-- Something happens in the session, which is locked. If it had ended, it begins anew: its summary is of
-- something else. is_present says whether somebody is here.
create function private.resume_realtime_session(wanted_session_id uuid, is_present boolean) returns boolean
language plpgsql set search_path = '' as $$
declare
  live public.live_sessions;
begin
  select * into live from public.live_sessions where session_id = wanted_session_id;
  if not found or not is_present and live.end_time is null then
    return false;
  end if;
  update public.live_sessions
  set visit = visit + (end_time is not null)::integer,
      present_until = case when is_present then clock_timestamp() else present_until end,
      end_time = null,
      summary = null
  where session_id = wanted_session_id;
  if live.end_time is not null then
    perform private.plan_realtime_summary(
      wanted_session_id, clock_timestamp() + make_interval(secs => live.left_seconds));
  end if;
  return live.end_time is not null;
end
$$;

-- A session that begins with a turn, and is perhaps never opened, ends too.
create function private.begin_live_session() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.live_sessions (session_id, owner_id, present_until)
  values (new.session_id, new.owner_id, clock_timestamp());
  perform private.plan_realtime_summary(
    new.session_id, clock_timestamp() + private.gone_after());
  return null;
end
$$;

-- Another path is another story.
create function private.follow_realtime_path() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.resume_realtime_session(new.session_id, false);
  return null;
end
$$;

revoke all on function
  private.gone_after(),
  private.plan_realtime_summary(uuid, timestamptz),
  private.resume_realtime_session(uuid, boolean),
  private.begin_live_session(),
  private.follow_realtime_path()
from public, anon, authenticated, service_role;
grant execute on function
  private.gone_after(),
  private.plan_realtime_summary(uuid, timestamptz),
  private.resume_realtime_session(uuid, boolean)
to service_role;

create trigger begin_live_session after insert on public.sessions
  for each row when (new.kind = 'realtime') execute function private.begin_live_session();

create trigger follow_realtime_path after update of active_leaf_id on public.sessions
  for each row when (
    new.kind = 'realtime' and old.active_leaf_id is distinct from new.active_leaf_id)
  execute function private.follow_realtime_path();

-- Events of turns are written by triggers, in the transaction that stores what they tell: whatever a turn
-- does, and whoever undoes it, the log agrees with the conversation.

-- Why a reply has ended, in the words of all protocols (shared/turn/finish_reason.hpp).
create function private.finish_reason_told(status text, reason text) returns text
language sql immutable parallel safe
return case status
  when 'complete' then coalesce(reason, 'stop')
  when 'stopped' then 'cancelled'
  else 'error'
end;

-- A message is stored, or its text is another one. A reply that was ended for silence and goes on takes the
-- place of the broken one under a new id, so that everybody gets it; an edit is an event of its own.
create function private.note_message() returns trigger
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
begin
  if not exists (select from public.live_sessions where session_id = new.session_id) then
    return null;
  end if;
  if tg_op = 'UPDATE' and new.revision = old.revision then
    delete from public.conversation_events
    where session_id = new.session_id and message_id = new.message_id and type = 'message';
  end if;
  if new.role = 'assistant' then
    select * into generation from public.generations where message_id = new.message_id;
  end if;
  insert into public.conversation_events (
    session_id, owner_id, role, type, content, message_id, generation_id, client_id, metadata)
  values (
    new.session_id, new.owner_id, new.role, 'message', new.content, new.message_id,
    generation.generation_id,
    case when new.role = 'user' then new.metadata ->> 'client_id' end,
    case new.role
      when 'assistant' then jsonb_strip_nulls(jsonb_build_object(
        'finish_reason', private.finish_reason_told(new.status, new.metadata ->> 'finish_reason'),
        'status', new.status,
        'is_complete', new.status = 'complete',
        'error_code', new.metadata ->> 'error_code',
        'stream_id', generation.stream_id,
        'user_message_id', new.parent_id,
        'client_id', (
          select question.metadata ->> 'client_id' from public.messages question
          where question.message_id = new.parent_id),
        'is_edited', nullif(new.revision > 1, false)))
      else jsonb_strip_nulls(jsonb_build_object('parent_id', new.parent_id))
    end);
  if new.role = 'user' or tg_op = 'UPDATE' then
    perform private.resume_realtime_session(new.session_id, tg_op = 'INSERT');
  end if;
  return null;
end
$$;

-- A turn has ended without words: nothing else tells so. If its writer goes on after all, it has not ended.
create function private.note_wordless_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  if not exists (select from public.live_sessions where session_id = new.session_id) then
    return null;
  end if;
  if new.status = 'streaming' then
    delete from public.conversation_events
    where generation_id = new.generation_id and message_id is null and metadata ? 'status';
    return null;
  end if;
  insert into public.conversation_events (
    session_id, owner_id, role, type, content, generation_id, metadata)
  values (
    new.session_id, new.owner_id, 'system',
    case new.status when 'stopped' then 'system' else 'error' end,
    case new.status when 'stopped' then 'cancelled' else coalesce(new.error_code, new.status) end,
    new.generation_id,
    jsonb_build_object(
      'finish_reason', private.finish_reason_told(new.status, new.finish_reason),
      'status', new.status,
      'is_complete', new.status = 'complete',
      'stream_id', new.stream_id,
      'user_message_id', new.user_message_id));
  return null;
end
$$;

revoke all on function
  private.finish_reason_told(text, text),
  private.note_message(),
  private.note_wordless_end()
from public, anon, authenticated, service_role;
grant execute on function private.finish_reason_told(text, text) to service_role;

create trigger note_new_message after insert on public.messages
  for each row execute function private.note_message();

create trigger note_message after update of content, status on public.messages
  for each row when (old.content <> new.content or old.status <> new.status)
  execute function private.note_message();

create trigger note_wordless_end after update of status on public.generations
  for each row when (
    old.status <> new.status
    and (new.status = 'streaming' or old.status = 'streaming' and new.saved_bytes = 0))
  execute function private.note_wordless_end();

-- What connections are told of a session.

create function private.event_body(event public.conversation_events) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'id', event.event_id,
  'role', event.role,
  'type', event.type,
  'content', event.content,
  'timestamp', private.iso(event.created_at),
  'message_id', event.message_id,
  'client_id', event.client_id,
  'metadata', event.metadata);

-- The reply that is being written; null when there is none. One whose writer is silent is ended, so that those
-- who wait for it hear how it ended, and can have it continued.
create function private.running_turn(wanted_session_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
begin
  select * into generation from public.generations
  where session_id = wanted_session_id and status = 'streaming';
  if not found then
    return null;
  end if;
  if private.is_silent(generation) then
    perform private.end_if_silent(generation);
    return null;
  end if;
  return jsonb_build_object(
    'stream_id', generation.stream_id,
    'generation_id', generation.generation_id,
    'message_id', generation.message_id,
    'user_message_id', generation.user_message_id,
    'client_id', (
      select question.metadata ->> 'client_id' from public.messages question
      where question.message_id = generation.user_message_id),
    'epoch', generation.epoch,
    'text_bytes', generation.saved_bytes);
end
$$;

-- {last_event_id, events, has_more, running}: the events after this one, or the newest ones if it is null,
-- oldest first. Of long events there are fewer. One statement reads the events and the last id, so that an
-- event that comes meanwhile is in both or in neither.
create function private.session_state(
  wanted_session_id uuid, after_event_id bigint, row_limit integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_bytes constant integer := 262144;
  -- Before the events, which then have its end if it is ended here.
  running constant jsonb := private.running_turn(wanted_session_id);
  state jsonb;
begin
  with page as (
    (
      select event, event.event_id, octet_length(event.content) as bytes
      from public.conversation_events event
      where event.session_id = wanted_session_id and event.event_id > after_event_id
      order by event.event_id
      limit row_limit + 1
    )
    union all
    (
      select event, event.event_id, octet_length(event.content)
      from public.conversation_events event
      where after_event_id is null and event.session_id = wanted_session_id
      order by event.event_id desc
      limit row_limit
    )
  ),
  sized as (
    select page.event, page.event_id,
      row_number() over the_page as place,
      sum(page.bytes) over the_page as bytes_so_far
    from page
    window the_page as (
      order by case when after_event_id is null then -page.event_id else page.event_id end)
  ),
  shown as (
    select event, event_id from sized
    where place <= row_limit and (place = 1 or bytes_so_far <= max_bytes)
  )
  select jsonb_build_object(
    'last_event_id', coalesce((
      select event_id from public.conversation_events
      where session_id = wanted_session_id
      order by event_id desc
      limit 1), 0),
    'events', coalesce((
      select jsonb_agg(private.event_body(event) order by event_id) from shown), '[]'),
    'has_more', after_event_id is not null
      and (select count(*) from page) > (select count(*) from shown),
    'running', running)
  into state;
  return state;
end
$$;

revoke all on function
  private.event_body(public.conversation_events),
  private.running_turn(uuid),
  private.session_state(uuid, bigint, integer)
from public, anon, authenticated, service_role;
grant execute on function private.event_body(public.conversation_events) to authenticated, service_role;
grant execute on function
  private.running_turn(uuid),
  private.session_state(uuid, bigint, integer)
to service_role;

-- The principal's session of this name; refuses when there is none.
create function private.realtime_session_named(principal_id uuid, wanted_name text) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions
  where owner_id = principal_id and kind = 'realtime' and external_id = wanted_name and is_active;
  if not found then
    perform private.refuse_session();
  end if;
  return session;
end
$$;

-- Keeps a connection present, and tells what has come since: {principal, session_id, connection_id,
-- left_seconds, after_event_id, limit}; returns what private.session_state gives. Each connection calls it
-- every few seconds, so it locks no session, and writes only when that is necessary.
create function public.look_at_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Far below private.gone_after.
  seen_granularity constant interval := '5 seconds';
  wanted_connection_id constant uuid := private.read_id(request, 'connection_id');
  principal_id uuid;
  session public.sessions;
begin
  perform private.check_connection_request(request);
  principal_id := private.resolve_principal(request -> 'principal');
  session := private.realtime_session_named(principal_id, request ->> 'session_id');
  update public.live_connections set seen_at = clock_timestamp()
  where connection_id = wanted_connection_id and session_id = session.session_id
    and seen_at < clock_timestamp() - seen_granularity;
  if not found and not exists (
    select from public.live_connections
    where connection_id = wanted_connection_id and session_id = session.session_id)
  then
    -- It was unseen for so long that it counted as gone.
    session := private.open_own_session(principal_id, session.session_id);
    perform private.arrive(session, wanted_connection_id, (request ->> 'left_seconds')::integer);
  end if;
  return private.session_state(
    session.session_id, coalesce((request ->> 'after_event_id')::bigint, 0),
    private.page_size(request, 100));
end
$$;

revoke all on function
  private.realtime_session_named(uuid, text),
  public.look_at_realtime_session(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.realtime_session_named(uuid, text),
  public.look_at_realtime_session(jsonb)
to service_role;

-- Refuses a request of a connection that is not {session_id, connection_id, left_seconds, after_event_id?}.
create function private.check_connection_request(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if jsonb_typeof(request -> 'session_id') is distinct from 'string'
    or char_length(request ->> 'session_id') not between 1 and 128 then
    perform private.refuse(422, 'invalid_request', 'session_id must have 1 to 128 characters.');
  end if;
  if request ->> 'connection_id' is null then
    perform private.refuse(422, 'invalid_request', 'connection_id must be a UUID.');
  end if;
  if jsonb_typeof(request -> 'left_seconds') is distinct from 'number'
    or (request ->> 'left_seconds')::numeric not between 1 and 86400 then
    perform private.refuse(422, 'invalid_request', 'left_seconds must be 1 to 86400.');
  end if;
  if coalesce(request ->> 'after_event_id', '0') !~ '^[0-9]{1,18}$' then
    perform private.refuse(422, 'invalid_request',
      'The last event''s id must be 0 or more: send the id of the last event that is known.');
  end if;
end
$$;

-- The connection is here; the session is locked.
create function private.arrive(session public.sessions, connection_id uuid, left_seconds integer)
returns void
language plpgsql set search_path = '' as $$
begin
  if private.resume_realtime_session(session.session_id, true) then
    insert into public.conversation_events (session_id, owner_id, role, type, content, metadata)
    values (
      session.session_id, session.owner_id, 'system', 'system', 'The session goes on.',
      '{"code": "resumed"}');
  end if;
  insert into public.live_connections as connection (connection_id, session_id, owner_id, seen_at)
  values (arrive.connection_id, session.session_id, session.owner_id, clock_timestamp())
  on conflict on constraint live_connections_pkey do update set seen_at = excluded.seen_at
    where connection.session_id = excluded.session_id;
  if not found then
    perform private.refuse(422, 'invalid_request',
      'connection_id names a connection of another session: make a new one for each connection.');
  end if;
  update public.live_sessions live
  set opened_at = coalesce(live.opened_at, clock_timestamp()), left_seconds = arrive.left_seconds
  where live.session_id = session.session_id;
  perform private.plan_realtime_summary(
    session.session_id,
    clock_timestamp() + private.gone_after() + make_interval(secs => arrive.left_seconds));
end
$$;

-- Makes or resumes a session for a connection: {principal, session_id, connection_id, left_seconds,
-- after_event_id?, limit, project_id?}, where session_id is the caller's own name of it. A session that had
-- ended is open again, and an event says so. Returns {user_id, session_id (the UUID), external_id, is_new,
-- start_time, project_id | null, is_begun, mode | null} and what private.session_state gives: is_begun says
-- whether it has messages, and mode is the one that the first of them has chosen.
create function public.open_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_connection_id constant uuid := private.read_id(request, 'connection_id');
  principal_id uuid;
  session public.sessions;
  is_new boolean;
begin
  perform private.check_connection_request(request);
  principal_id := private.resolve_principal(request -> 'principal');
  session := private.open_session(
    principal_id, 'realtime', null, request ->> 'session_id', private.read_id(request, 'project_id'),
    request ->> 'session_id');
  select opened_at is null into is_new from public.live_sessions
  where session_id = session.session_id;
  perform private.arrive(session, wanted_connection_id, (request ->> 'left_seconds')::integer);
  return jsonb_build_object(
    'user_id', session.owner_id,
    'session_id', session.session_id,
    'external_id', session.external_id,
    'is_new', is_new,
    'project_id', session.project_id,
    'is_begun', session.message_count > 0,
    'mode', (
      select first.metadata ->> 'task' from public.messages first
      where first.session_id = session.session_id and first.parent_id is null
      order by first.position limit 1),
    'start_time', private.iso(session.created_at))
    || private.session_state(
      session.session_id, (request ->> 'after_event_id')::bigint, private.page_size(request, 100));
end
$$;

revoke all on function
  private.check_connection_request(jsonb),
  private.arrive(public.sessions, uuid, integer),
  public.open_realtime_session(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_connection_request(jsonb),
  private.arrive(public.sessions, uuid, integer),
  public.open_realtime_session(jsonb)
to service_role;

-- A connection has ended: {principal, session_id, connection_id, left_seconds}; returns {}. The session ends
-- left_seconds after its last one. Calling again changes nothing, nor does a session that is gone.
create function public.leave_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_connection_id constant uuid := private.read_id(request, 'connection_id');
  pause constant interval := make_interval(secs => (request ->> 'left_seconds')::integer);
  principal_id uuid;
  wanted_session_id uuid;
begin
  perform private.check_connection_request(request);
  principal_id := private.resolve_principal(request -> 'principal');
  select session_id into wanted_session_id from public.sessions
  where owner_id = principal_id and kind = 'realtime' and external_id = request ->> 'session_id'
    and is_active
  for no key update;
  delete from public.live_connections
  where connection_id = wanted_connection_id and session_id = wanted_session_id;
  if not found then
    return '{}';
  end if;
  update public.live_sessions
  set present_until = clock_timestamp(), left_seconds = (request ->> 'left_seconds')::integer
  where session_id = wanted_session_id;
  if not exists (
    select from public.live_connections
    where session_id = wanted_session_id and seen_at > clock_timestamp() - private.gone_after())
  then
    perform private.plan_realtime_summary(wanted_session_id, clock_timestamp() + pause);
  end if;
  return '{}';
end
$$;

revoke all on function public.leave_realtime_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.leave_realtime_session(jsonb) to service_role;

-- Adds an event that is no message to a realtime session: {principal, session_id (the UUID), generation_id |
-- null, type, role, content, metadata}; returns {id}. With a `call_id` in its metadata it is stored once for
-- each generation and type.
create function public.add_conversation_event(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_content_bytes constant integer := 262144;
  max_metadata_bytes constant integer := 65536;
  event_metadata constant jsonb := coalesce(nullif(request -> 'metadata', 'null'), '{}');
  wanted_generation_id constant uuid := private.read_id(request, 'generation_id');
  session public.sessions;
  added_id bigint;
begin
  if (request ->> 'type', request ->> 'role') not in (
      ('tool_call', 'assistant'), ('tool_result', 'tool'), ('system', 'system'))
    or request ->> 'type' is null or request ->> 'role' is null then
    perform private.refuse(422, 'invalid_request',
      'type and role must be tool_call of assistant, tool_result of tool, or system of system.');
  end if;
  if jsonb_typeof(request -> 'content') is distinct from 'string'
    or octet_length(request ->> 'content') > max_content_bytes
    or jsonb_typeof(event_metadata) <> 'object' or octet_length(event_metadata::text) > max_metadata_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'content must be a text of at most %s bytes, metadata an object of at most %s.',
      max_content_bytes, max_metadata_bytes));
  end if;
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  if session.kind <> 'realtime' then
    perform private.refuse_session();
  end if;
  if wanted_generation_id is not null and not exists (
    select from public.generations
    where generation_id = wanted_generation_id and session_id = session.session_id)
  then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;
  insert into public.conversation_events (
    session_id, owner_id, role, type, content, generation_id, metadata)
  values (
    session.session_id, session.owner_id, request ->> 'role', request ->> 'type',
    request ->> 'content', wanted_generation_id, event_metadata)
  on conflict (generation_id, type, (metadata ->> 'call_id'))
    where generation_id is not null and metadata ? 'call_id'
    do nothing
  returning event_id into added_id;
  if added_id is null then
    select event_id into added_id from public.conversation_events event
    where event.generation_id = wanted_generation_id and event.type = request ->> 'type'
      and event.metadata ->> 'call_id' = event_metadata ->> 'call_id'
      and event.metadata ? 'call_id';
  end if;
  return jsonb_build_object('id', added_id);
end
$$;

revoke all on function public.add_conversation_event(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.add_conversation_event(jsonb) to service_role;

-- Puts a step that is being claimed off until this time (jobs/has_job_hook.sql). The job is locked.
create function private.postpone_step(step public.job_steps, due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update public.job_steps
  set status = 'waiting', attempts = 0, lease_token = null, leased_until = null, run_after = due_at
  where job_id = step.job_id and job_steps.step = postpone_step.step.step;
end
$$;

-- Ends the session if it has been left for long enough; otherwise returns when to look again. The session is
-- locked.
create function private.end_left_session(live public.live_sessions) returns timestamptz
language plpgsql set search_path = '' as $$
declare
  -- A reply that is written to its end belongs to the session.
  reply_pause constant interval := '10 seconds';
  pause constant interval := make_interval(secs => live.left_seconds);
  last_seen_at timestamptz;
begin
  with gone as (
    delete from public.live_connections
    where session_id = live.session_id
      and seen_at <= clock_timestamp() - private.gone_after() - pause
    returning seen_at
  )
  select greatest(live.present_until, max(seen_at)) into live.present_until from gone;
  update public.live_sessions set present_until = live.present_until
  where session_id = live.session_id and present_until <> live.present_until;

  select max(seen_at) into last_seen_at from public.live_connections
  where session_id = live.session_id;
  if last_seen_at is not null then
    return last_seen_at + private.gone_after() + pause;
  end if;
  if live.present_until + pause > clock_timestamp() then
    return live.present_until + pause;
  end if;
  if exists (
    select from public.generations where session_id = live.session_id and status = 'streaming')
  then
    return clock_timestamp() + reply_pause;
  end if;
  update public.live_sessions set end_time = present_until where session_id = live.session_id;
  return null;
end
$$;

-- The input for a part of a session's summary, from its events: {previous_summary | null, messages: [{role,
-- content}]}; null when the session has not ended yet, or there is nothing to summarise. Only what is on the
-- conversation's path counts, with its newest text. Bounded in messages and bytes: the rest is another part,
-- whose step has the notes so far.
create function private.realtime_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  lock_pause constant interval := '1 second';
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  -- Per message: only the beginning of a pasted chapter is summarised.
  max_message_characters constant integer := 4000;
  leaf_id uuid;
  live public.live_sessions;
  look_again_at timestamptz;
  is_continued boolean;
  after_depth integer := 0;
  part record;
begin
  -- That lock comes before the job's, so this does not wait for it.
  select active_leaf_id into leaf_id from public.sessions
  where session_id = job.session_id and is_active
  for no key update skip locked;
  if not found then
    if exists (select from public.sessions where session_id = job.session_id and is_active) then
      perform private.postpone_step(step, clock_timestamp() + lock_pause);
    end if;
    return null;
  end if;
  select * into live from public.live_sessions where session_id = job.session_id;
  if live.end_time is null then
    look_again_at := private.end_left_session(live);
    if look_again_at is not null then
      perform private.postpone_step(step, look_again_at);
      return null;
    end if;
  end if;
  if live.summary is not null then
    return null;
  end if;

  is_continued := (step.payload ->> 'visit')::integer = live.visit and step.payload ? 'notes';
  if is_continued then
    after_depth := (step.payload ->> 'after_depth')::integer;
  end if;
  with recursive path as (
    select message_id, parent_id, depth from public.messages where message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > after_depth + 1
  ),
  said as (
    select path.depth, event.role, event.content
    from (select * from path where depth > after_depth order by depth limit max_messages) path
    cross join lateral (
      select newest.role, left(newest.content, max_message_characters) as content
      from public.conversation_events newest
      where newest.session_id = job.session_id and newest.message_id = path.message_id
        and newest.type = 'message'
      order by newest.event_id desc
      limit 1
    ) event
  ),
  sized as (
    select said.*, sum(octet_length(content)) over (order by depth) as bytes_so_far from said
  )
  select jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth) as messages,
    max(depth) as until_depth
  into part
  from sized
  where bytes_so_far <= max_bytes;
  if part.messages is null then
    return null;
  end if;
  -- The step keeps for private.realtime_summary_store what this part reaches.
  update public.job_steps
  set payload = payload || jsonb_build_object(
    'visit', live.visit,
    'until_depth', part.until_depth,
    'is_last', part.until_depth >= (select depth from public.messages where message_id = leaf_id))
  where job_id = step.job_id and job_steps.step = realtime_summary_work.step.step;
  return jsonb_build_object(
    'previous_summary', case when is_continued then step.payload ->> 'notes' end,
    'messages', part.messages);
end
$$;

revoke all on function
  private.postpone_step(public.job_steps, timestamptz),
  private.end_left_session(public.live_sessions),
  private.realtime_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.postpone_step(public.job_steps, timestamptz),
  private.end_left_session(public.live_sessions),
  private.realtime_summary_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- Stores a part of a session's summary (jobs/has_job_hook.sql): the result is {summary} and whatever else is
-- worth keeping. What comes after the part is read with it as notes; the last part is the summary. A summary
-- of a session that has gone on meanwhile is dropped.
create function private.realtime_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  is_current boolean;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  select end_time is not null and visit = (step.payload ->> 'visit')::integer into is_current
  from public.live_sessions
  where session_id = job.session_id;
  if not is_current then
    return jsonb_build_object('result', '{"outdated": true}'::jsonb);
  end if;
  if (step.payload ->> 'is_last')::boolean then
    update public.live_sessions set summary = outcome ->> 'summary'
    where session_id = job.session_id;
  else
    perform private.add_steps(job, jsonb_build_array(jsonb_build_object(
      'visit', step.payload -> 'visit',
      'notes', outcome -> 'summary',
      'after_depth', step.payload -> 'until_depth')), clock_timestamp());
  end if;
  return jsonb_build_object('result', outcome - 'summary');
end
$$;

-- A summary is tried for until it exists (jobs/has_job_hook.sql). The session is locked.
create function private.realtime_summary_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  pause constant interval := '10 minutes';
begin
  perform private.plan_realtime_summary(job.session_id, clock_timestamp() + pause);
  return null;
end
$$;

revoke all on function
  private.realtime_summary_store(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.realtime_summary_store(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_fail(public.jobs, public.job_steps, jsonb)
to service_role;

-- A session as its owner reads it.
create function private.realtime_session_body(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'session_id', session.external_id,
    'conversation_id', session.session_id,
    'user_id', session.owner_id,
    'start_time', private.iso(session.created_at),
    'end_time', private.iso(live.end_time),
    'summary', live.summary,
    'last_event_id', coalesce((
      select event.event_id from public.conversation_events event
      where event.session_id = live.session_id
      order by event.event_id desc
      limit 1), 0))
  from public.live_sessions live
  where live.session_id = session.session_id
);

-- The principal's realtime sessions, newest first: {principal, query: {limit, offset}}.
create function public.list_realtime_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  sessions public.sessions[];
  total bigint;
begin
  perform private.act_as(principal_id);
  -- Ids decide between equals, so that pages neither repeat nor skip.
  select
    (
      select count(*) from public.sessions
      where owner_id = principal_id and is_active and kind = 'realtime' and external_id is not null
    ),
    array(
      select session from public.sessions session
      where owner_id = principal_id and is_active and kind = 'realtime'
        and external_id is not null
      order by last_message_at desc, session_id
      limit row_count offset first_row)
  into total, sessions;
  perform set_config('role', own_role, true);
  return private.answer_page(
    (select jsonb_agg(private.realtime_session_body(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

-- One of them: {principal, realtime_session_id}.
create function public.read_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(private.realtime_session_body(
    private.realtime_session_named(principal_id, request ->> 'realtime_session_id')));
end
$$;

-- A session's events, oldest first: {principal, realtime_session_id, query: {limit, after}}, where `after` is
-- the id of the last event that is known.
create function public.list_realtime_events(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  after_event_id constant bigint := coalesce((query ->> 'after')::bigint, 0);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_session_id uuid := (private.realtime_session_named(
    principal_id, request ->> 'realtime_session_id')).session_id;
  page jsonb;
  first_row bigint;
  total bigint;
begin
  perform private.act_as(principal_id);
  select
    (
      select jsonb_agg(private.event_body(listed) order by listed.event_id)
      from (
        select * from public.conversation_events
        where session_id = wanted_session_id and event_id > after_event_id
        order by event_id
        limit row_count
      ) listed
    ),
    (
      select count(*) from public.conversation_events
      where session_id = wanted_session_id and event_id <= after_event_id
    ),
    (select count(*) from public.conversation_events where session_id = wanted_session_id)
  into page, first_row, total;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function
  private.realtime_session_body(public.sessions),
  public.list_realtime_sessions(jsonb),
  public.read_realtime_session(jsonb),
  public.list_realtime_events(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.realtime_session_body(public.sessions),
  public.list_realtime_sessions(jsonb),
  public.read_realtime_session(jsonb),
  public.list_realtime_events(jsonb)
to service_role;

-- The tables of realtime sessions as supabase-js reads them.

create view public.realtime_sessions with (security_invoker = true) as
select session.external_id as session_id, session.owner_id as user_id,
  session.created_at as start_time, live.end_time, live.summary,
  session.session_id as conversation_id
from public.sessions session
join public.live_sessions live on live.session_id = session.session_id
where session.is_active;

create view public.session_events with (security_invoker = true) as
select event.event_id as id, session.external_id as session_id, event.role, event.type, event.content,
  event.created_at as "timestamp", event.owner_id as user_id, event.message_id, event.metadata,
  session.session_id as conversation_id
from public.conversation_events event
join public.sessions session on session.session_id = event.session_id
where session.is_active;

create trigger refuse_writing instead of insert or update or delete on public.realtime_sessions
  for each row execute function private.refuse_writing();

create trigger refuse_writing instead of insert or update or delete on public.session_events
  for each row execute function private.refuse_writing();

-- The relay's messages as supabase-js reads them. A reply that is being written is no message yet; who moves
-- to an account that has used the same number has another name for the conversation, which is no number.
create view public.relay_messages with (security_invoker = true) as
select message.message_id, message.owner_id as user_id,
  case when session.external_id ~ '^[0-9]{1,18}$' then session.external_id::bigint end
    as conversation_id,
  message.content, message.role = 'user' as is_user_author, false as is_streaming,
  message.is_complete, message.metadata ->> 'stream_id' as stream_id, message.created_at
from public.messages message
join public.sessions session on session.session_id = message.session_id
where session.kind = 'relay' and session.is_active;

create trigger refuse_writing instead of insert or update or delete on public.relay_messages
  for each row execute function private.refuse_writing();

-- A message may keep what its client calls it.
create or replace function private.check_message_metadata(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  -- The limit of a request's body, which may contain attached texts.
  max_bytes constant integer := 524288;
  max_attachments constant integer := 8;
  metadata jsonb := coalesce(nullif(request -> 'message_metadata', 'null'), '{}');
begin
  if jsonb_typeof(metadata) <> 'object'
    or metadata - array['task', 'attachments', 'client_id'] <> '{}'
    or octet_length(metadata::text) > max_bytes
    or jsonb_typeof(coalesce(metadata -> 'task', '""')) <> 'string'
    or jsonb_typeof(coalesce(metadata -> 'client_id', '""')) <> 'string'
    or char_length(metadata ->> 'client_id') not between 1 and 128
    or jsonb_typeof(coalesce(metadata -> 'attachments', '[]')) <> 'array'
    or (metadata <> '{}' and coalesce(request ->> 'action', 'say') not in ('say', 'edit'))
  then
    perform private.refuse(422, 'invalid_request', format(
      'message_metadata must be {task, attachments, client_id} of at most %s bytes, of a message that is said.',
      max_bytes));
  end if;
  if jsonb_array_length(coalesce(metadata -> 'attachments', '[]')) > max_attachments then
    perform private.refuse(422, 'invalid_request', format(
      'A message has at most %s attachments.', max_attachments));
  end if;
end
$$;

-- A session that is open is not removed with its first turn.
create or replace function public.withdraw_turn(request jsonb) returns jsonb
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
    if session.message_count = 0 and generation.epoch = 1 and not exists (
      select from public.live_sessions
      where session_id = session.session_id and opened_at is not null)
    then
      delete from public.sessions where session_id = session.session_id;
      delete from public.projects
      where project_id = session.project_id and created_at = session.created_at;
    end if;
  end if;
  return jsonb_build_object('withdrawn', is_withdrawn);
end
$$;

select private.align_grants_with_policies();
