-- The takes of a message in the order of arrival: {principal, message_id}; the body is a list of
-- messages, each with `is_active` true when it is on the path to the session's active leaf.
create function public.list_takes(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  session public.sessions;
  target public.messages;
  active_id uuid;
  takes jsonb;
begin
  perform private.act_as(principal_id);
  select * into target from public.messages where message_id = wanted_id;
  select * into session from public.sessions
  where session_id = target.session_id and is_active;
  if found then
    active_id := private.message_on_path(session.active_leaf_id, target.depth);
    select jsonb_agg(
      private.message_body(numbered.take, numbered.take_number, numbered.take_count)
        || jsonb_build_object('is_active', (numbered.take).message_id is not distinct from active_id)
      order by numbered.take_number)
    into takes
    from (
      select take, row_number() over (order by take.position) as take_number,
        count(*) over () as take_count
      from private.takes_of(target) take
    ) numbered;
  end if;
  perform set_config('role', own_role, true);
  if takes is null then
    perform private.refuse_unknown_message();
  end if;
  return private.answer(takes);
end
$$;

revoke all on function public.list_takes(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_takes(jsonb) to service_role;
