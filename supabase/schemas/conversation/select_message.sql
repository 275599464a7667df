-- Makes the session continue from this message, or from the last end of the conversation through
-- it: {principal, message_id}; the body is {session_id, message_id, active_leaf_id}.
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
