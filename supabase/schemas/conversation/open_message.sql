-- A message that the principal may see, its session locked until the transaction ends.
create function private.open_message(principal_id uuid, wanted_message_id uuid)
returns public.messages
language plpgsql set search_path = '' as $$
declare
  wanted_session_id uuid := private.session_of_message(principal_id, wanted_message_id);
  message public.messages;
begin
  perform from public.sessions
  where session_id = wanted_session_id and owner_id = principal_id and is_active
  for no key update;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  select * into message from public.messages where message_id = wanted_message_id;
  if not found then
    -- A reply that is still being written, or whose isolate is dead.
    perform private.end_silent_turn(wanted_session_id);
    select * into message from public.messages where message_id = wanted_message_id;
  end if;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  return message;
end
$$;

revoke all on function private.open_message(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.open_message(uuid, uuid) to service_role;
