-- The messages on a session's path with unread text, from the path's beginning: {message_id, depth}. Other
-- takes are not read unless they return to the path.
create function private.unread_on_path(wanted_session_id uuid)
returns table (message_id uuid, depth integer)
language sql stable set search_path = '' as $$
  select message.message_id, message.depth
  from public.sessions session
  join public.message_extractions waiting
    on waiting.session_id = session.session_id and not waiting.is_done
  cross join lateral (
    select found.message_id, found.depth from public.messages found
    where found.message_id = waiting.message_id
    limit 1
  ) message
  where session.session_id = wanted_session_id and session.is_active
    and session.project_id is not null
    and private.message_on_path(session.active_leaf_id, message.depth) = message.message_id
  order by message.depth;
$$;

-- A text from from_byte on, at most max_bytes, in whole characters. A part that is cut ends after a
-- paragraph, a line or a word, if one ends in its second half.
create function private.text_part(content text, from_byte integer, max_bytes integer)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  bytes constant bytea := convert_to(content, 'UTF8');
  last_byte integer := least(from_byte + max_bytes, length(bytes));
  part text;
  boundary text;
  whole text;
begin
  -- Continuation bytes are 10xxxxxx.
  while last_byte < length(bytes) and last_byte > from_byte
    and get_byte(bytes, last_byte) & 192 = 128
  loop
    last_byte := last_byte - 1;
  end loop;
  part := convert_from(substr(bytes, from_byte + 1, last_byte - from_byte), 'UTF8');
  if last_byte < length(bytes) then
    foreach boundary in array array[E'\n\n', E'\n', ' '] loop
      whole := left(part, char_length(part) - position(boundary in reverse(part)) + 1);
      if position(boundary in reverse(part)) > 0 and char_length(whole) * 2 > char_length(part) then
        return whole;
      end if;
    end loop;
  end if;
  return part;
end
$$;

-- The input for reading a part of a conversation for its dossier: {project_id, messages: [{message_id, role,
-- text, from_byte, to_byte, created_at}], before: [{message_id, role, text, from_byte, created_at}],
-- dossier: {head, folded_to, log_start}}; null when nothing is left to read or to fold. text is the part
-- from from_byte to to_byte, created_at is in milliseconds since the epoch, and before has the ends of the
-- preceding texts. If messages is empty, the log only has to be folded. The size is bounded: the rest is
-- another part.
create function private.extraction_work(wanted_session_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_messages constant integer := 20;
  max_bytes constant integer := 24576;
  messages_before constant integer := 6;
  characters_before constant integer := 2000;
  unread record;
  waiting record;
  part text;
  bytes_left integer := max_bytes;
  parts jsonb := '[]';
  before jsonb := '[]';
  first record;
  dossier record;
  place jsonb;
begin
  for unread in select * from private.unread_on_path(wanted_session_id) limit max_messages loop
    exit when bytes_left < 4;
    select message.*, extraction.read_bytes into waiting
    from public.messages message
    join public.message_extractions extraction
      on extraction.session_id = message.session_id and extraction.message_id = message.message_id
    where message.message_id = unread.message_id;
    -- Attached texts follow the message's own, so that positions in it stay the same.
    part := private.text_part(
      waiting.content || case when waiting.role = 'user'
        then private.attached_text(waiting.metadata) else '' end,
      waiting.read_bytes, bytes_left);
    if parts = '[]' then
      first := waiting;
    end if;
    parts := parts || jsonb_build_object(
      'message_id', waiting.message_id,
      'role', waiting.role,
      'text', part,
      'from_byte', waiting.read_bytes,
      'to_byte', waiting.read_bytes + octet_length(part),
      'created_at', floor(extract(epoch from waiting.created_at) * 1000)::bigint);
    bytes_left := bytes_left - octet_length(part);
  end loop;
  select project_id, head, folded_to, log_start into dossier
  from public.dossiers
  where project_id = (select project_id from public.sessions where session_id = wanted_session_id);
  place := jsonb_build_object(
    'head', dossier.head, 'folded_to', dossier.folded_to, 'log_start', dossier.log_start);
  if parts = '[]' then
    return case when dossier.head > dossier.folded_to then jsonb_build_object(
      'project_id', dossier.project_id, 'messages', parts, 'before', parts, 'dossier', place) end;
  end if;

  with recursive earlier as (
    select first.parent_id as next_id, null::uuid as message_id, null::text as role,
      null::text as content, null::timestamptz as created_at, 0 as steps
    union all
    select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
      earlier.steps + 1
    from earlier
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = earlier.next_id limit 1
    ) parent
    where earlier.steps < messages_before
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'message_id', message_id,
      'role', role,
      'text', right(content, characters_before),
      'from_byte', octet_length(content) - octet_length(right(content, characters_before)),
      'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
    order by steps desc), '[]')
  into before
  from earlier
  where content <> '';
  if first.read_bytes > 0 then
    part := private.text_part(
      first.content || case when first.role = 'user'
        then private.attached_text(first.metadata) else '' end,
      0, first.read_bytes);
    before := before || jsonb_build_object(
      'message_id', first.message_id,
      'role', first.role,
      'text', right(part, characters_before),
      'from_byte', octet_length(part) - octet_length(right(part, characters_before)),
      'created_at', floor(extract(epoch from first.created_at) * 1000)::bigint);
  end if;

  return jsonb_build_object(
    'project_id', dossier.project_id,
    'messages', parts,
    'before', before,
    'dossier', place);
end
$$;

revoke all on function
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(uuid)
to service_role;
