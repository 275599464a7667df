-- Refuses anything but {session_id, connection_id, left_seconds, after_event_id?} from a connection.
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

-- Records that the connection is present; the session is locked.
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

-- Creates or resumes a session for a connection: {principal, admission?, session_id, connection_id, left_seconds,
-- after_event_id?, limit, project_id?}, where session_id is the caller's own name for it. A session that
-- had ended is open again, and an event records it. Returns {user_id, session_id (the UUID), external_id,
-- is_new, start_time, project_id | null, is_begun, mode | null} and private.session_state: is_begun means
-- that it has messages, and mode is the one that the first of them has chosen.
create function public.open_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_connection_id constant uuid := private.read_id(request, 'connection_id');
  principal_id uuid;
  session public.sessions;
  is_new boolean;
begin
  perform private.check_connection_request(request);
  principal_id := private.admit(request);
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
