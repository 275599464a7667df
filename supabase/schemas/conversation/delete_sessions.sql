-- Deletes all of the principal's sessions, like delete_session: {principal}.
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
    where owner_id = principal_id and is_active and kind <> 'story'
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
