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
    private.describe_session(session), etag => private.session_version(session));
end
$$;

revoke all on function public.read_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_session(jsonb) to service_role;
