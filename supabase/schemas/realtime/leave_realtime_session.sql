-- Ends a connection: {principal, session_id, connection_id, left_seconds}; returns {}. The session ends
-- left_seconds after its last one. Calling again, or for a deleted session, changes nothing.
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
