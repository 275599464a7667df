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
