-- The session of the turn, locked and without a running turn; a new one with the request's instructions.
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
  if session.last_epoch = 0 and session.message_count = 0 and request ->> 'instructions' is not null then
    update public.sessions set instructions = request ->> 'instructions'
    where session_id = session.session_id;
  end if;
  -- Read again: ending the silent turn may have stored its reply.
  select * into session from public.sessions where session_id = session.session_id;
  return session;
end
$$;

revoke all on function private.open_turn_session(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.open_turn_session(uuid, jsonb) to service_role;
