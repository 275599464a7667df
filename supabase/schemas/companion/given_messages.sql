-- Messages without a turn: a greeting, and the earlier conversation according to the caller.

-- Adds the message to the end of the path. Returns the changed session, which the caller has locked.
create function private.append_message(
  session public.sessions, speaker text, said text, metadata jsonb, said_at timestamptz
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  leaf public.messages;
  added public.messages;
begin
  select * into leaf from public.messages where message_id = session.active_leaf_id;
  insert into public.messages (
    session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content, metadata,
    created_at, updated_at)
  values (
    session.session_id, session.owner_id, leaf.message_id,
    -- A reply belongs to the turn of its question.
    case when speaker = 'assistant' and leaf.role = 'user' then leaf.turn_id
      else gen_random_uuid() end,
    case when speaker = 'user' then session.turn_count + 1
      else coalesce(leaf.turn_number, 1) end,
    session.message_count + 1, coalesce(leaf.depth, 0) + 1, speaker, said, metadata, said_at, said_at)
  returning * into added;
  session.active_leaf_id := added.message_id;
  session.message_count := added.position;
  if speaker = 'user' then
    session.turn_count := added.turn_number;
  end if;
  return session;
end
$$;

-- The new messages in [{role, content}]: those after the last one that is also on the path, in the same
-- order. Reads only the newest messages of the path, in proportion to the given ones.
create function private.new_given_messages(session public.sessions, given jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  given_count constant integer := jsonb_array_length(given);
  known text[];
  known_count integer;
  place integer := 0;
  found_at integer;
  last_known integer := 0;
begin
  with recursive path as (
    select parent_id, role, content, 1 as steps
    from public.messages
    where message_id = session.active_leaf_id
    union all
    select parent.parent_id, parent.role, parent.content, path.steps + 1
    from path
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = path.parent_id limit 1
    ) parent
    where path.steps < given_count * 2 + 20
  )
  select array_agg(role || ' ' || md5(btrim(content)) order by steps desc) into known from path;
  known_count := coalesce(cardinality(known), 0);
  for number in 1..given_count loop
    found_at := place + array_position(
      known[place + 1:known_count],
      (given -> (number - 1) ->> 'role') || ' ' || md5(btrim(given -> (number - 1) ->> 'content')));
    if found_at is not null then
      place := found_at;
      last_known := number;
    end if;
  end loop;
  return (
    select coalesce(jsonb_agg(said.value order by said.number), '[]')
    from jsonb_array_elements(given) with ordinality as said (value, number)
    where said.number > last_known);
end
$$;

revoke all on function
  private.append_message(public.sessions, text, text, jsonb, timestamptz),
  private.new_given_messages(public.sessions, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.append_message(public.sessions, text, text, jsonb, timestamptz),
  private.new_given_messages(public.sessions, jsonb)
to service_role;
