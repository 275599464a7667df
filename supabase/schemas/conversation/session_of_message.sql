-- Refuses a message that does not exist, or belongs to another user.
create function private.refuse_unknown_message() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such message: list the messages of its session to see which there are.');
end
$$;

-- The session of a message that the principal may see, or of a running reply; only of this kind if
-- one is given.
create function private.session_of_message(
  principal_id uuid, wanted_message_id uuid, session_kind text default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  found_id uuid;
begin
  perform private.act_as(principal_id);
  select session.session_id into found_id
  from public.messages message
  join public.sessions session on session.session_id = message.session_id
  where message.message_id = wanted_message_id and session.is_active
    and session.kind = coalesce(session_kind, session.kind);
  perform set_config('role', own_role, true);
  if found_id is null then
    select session.session_id into found_id
    from public.generations generation
    join public.sessions session on session.session_id = generation.session_id
    where generation.message_id = wanted_message_id and generation.owner_id = principal_id
      and session.is_active and session.kind = coalesce(session_kind, session.kind);
  end if;
  if found_id is null then
    perform private.refuse_unknown_message();
  end if;
  return found_id;
end
$$;

revoke all on function
  private.refuse_unknown_message(),
  private.session_of_message(uuid, uuid, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_unknown_message(),
  private.session_of_message(uuid, uuid, text)
to service_role;
