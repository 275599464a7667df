-- The principal's session with this name; refuses when there is none.
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

-- Keeps a connection present, and returns the news: {principal, session_id, connection_id, left_seconds,
-- after_event_id, limit}; returns private.session_state. Each connection calls it every few seconds, so it
-- locks no session, and writes only when necessary.
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
