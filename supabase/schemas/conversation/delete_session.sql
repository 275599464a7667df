-- Deletes a session: {principal, session_id, if_match}. Asks a running reply in it to stop, because
-- nobody will read it.
create function public.delete_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.session_version(session));
  update public.sessions set is_active = false where session_id = session.session_id;
  update public.generations set cancel_requested = true
  where session_id = session.session_id and status = 'streaming';
  return private.answer('{"message": "The session is deleted."}');
end
$$;

revoke all on function public.delete_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_session(jsonb) to service_role;
