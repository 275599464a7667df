-- The message that an edit, a regenerate or a continue concerns. The session is locked.
create function private.read_target(session public.sessions, wanted_message_id uuid)
returns public.messages
language plpgsql set search_path = '' as $$
declare
  target public.messages;
begin
  select * into target from public.messages message
  where message.message_id = wanted_message_id and message.session_id = session.session_id;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  return target;
end
$$;

-- The user's message that this turn answers: a new one at the path's end or next to the target, or the target
-- itself, or the one that the target answers.
create function private.place_question(
  session public.sessions, turn_action text, target public.messages, said text,
  message_metadata jsonb, begun_at timestamptz
) returns public.messages
language plpgsql set search_path = '' as $$
declare
  question public.messages;
  parent_of_new uuid := session.active_leaf_id;
begin
  if turn_action in ('regenerate', 'continue') then
    if turn_action = 'regenerate' and target.role = 'user' then
      return target;
    end if;
    select * into question from public.messages
    where message_id = target.parent_id and role = 'user';
    if not found or target.role <> 'assistant' then
      perform private.refuse(422, 'invalid_request', format(
        '%s is about a reply to a message of the user: name one.', turn_action));
    end if;
    return question;
  end if;

  if turn_action = 'edit' then
    if target.role <> 'user' then
      perform private.refuse(422, 'invalid_request',
        'edit is about a message of the user: name one, or change the text of a reply instead.');
    end if;
    parent_of_new := target.parent_id;
  end if;
  insert into public.messages (
    session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content,
    metadata, created_at, updated_at)
  values (
    session.session_id, session.owner_id, parent_of_new, gen_random_uuid(),
    session.turn_count + 1, session.message_count + 1,
    1 + coalesce((select depth from public.messages where message_id = parent_of_new), 0),
    'user', said, coalesce(nullif(message_metadata, 'null'), '{}'), begun_at, begun_at)
  returning * into question;
  return question;
end
$$;

revoke all on function
  private.read_target(public.sessions, uuid),
  private.place_question(public.sessions, text, public.messages, text, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_target(public.sessions, uuid),
  private.place_question(public.sessions, text, public.messages, text, jsonb, timestamptz)
to service_role;
