-- The user's messages on a conversation's path that were not read for the companion's memory yet, from the
-- path's beginning: {message_id, depth}.
create function private.unread_for_memory(wanted_session_id uuid)
returns table (message_id uuid, depth integer)
language sql stable set search_path = '' as $$
  select message.message_id, message.depth
  from public.sessions session
  join public.memory_readings waiting
    on waiting.session_id = session.session_id and not waiting.is_read and waiting.is_on_path
  cross join lateral (
    select found.message_id, found.depth from public.messages found
    where found.message_id = waiting.message_id
    limit 1
  ) message
  where session.session_id = wanted_session_id and session.is_active
    and private.message_on_path(session.active_leaf_id, message.depth) = message.message_id
  order by message.depth;
$$;

-- The input for reading a part of a conversation for its companion's memory (jobs/has_job_hook.sql):
-- private.describe_memory_log, with messages: [{message_id, role, text, from_byte, created_at}], the user's
-- unread ones, and before: [the same], the messages before each, oldest first. text begins at from_byte of the
-- message. If messages is empty, the log only has to be folded; null when that is not necessary either. The
-- step keeps the parts that are read: {message_id, from_byte, to_byte} of each. The size is limited:
-- the rest is another part.
create function private.companion_memory_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 10;
  max_bytes constant integer := 24576;
  messages_before constant integer := 4;
  characters_before constant integer := 1500;
  session public.sessions;
  log public.memory_logs;
  unread record;
  part text;
  bytes_left integer := max_bytes;
  wanted_ids uuid[] := '{}';
  parts jsonb := '[]';
  spans jsonb := '[]';
  before jsonb := '[]';
begin
  select * into session from public.sessions where session_id = job.session_id and is_active;
  if not found then
    return null;
  end if;
  log := private.open_memory_log(session.owner_id, session.character_id);
  for unread in
    select message.message_id, message.role, message.content, message.created_at, waiting.read_bytes
    from (
      select message_id, depth from private.unread_for_memory(session.session_id)
      order by depth limit max_messages
    ) wanted
    cross join lateral (
      select * from public.messages where message_id = wanted.message_id limit 1
    ) message
    join public.memory_readings waiting
      on waiting.session_id = session.session_id and waiting.message_id = wanted.message_id
    order by wanted.depth
  loop
    part := private.text_part(unread.content, unread.read_bytes, octet_length(unread.content));
    -- Only the first is read in parts, so that a short message is not torn.
    exit when parts <> '[]' and octet_length(part) > bytes_left;
    part := private.text_part(part, 0, bytes_left);
    wanted_ids := wanted_ids || unread.message_id;
    parts := parts || jsonb_build_object(
      'message_id', unread.message_id,
      'role', unread.role,
      'text', part,
      'from_byte', unread.read_bytes,
      'created_at', floor(extract(epoch from unread.created_at) * 1000)::bigint);
    spans := spans || jsonb_build_object(
      'message_id', unread.message_id,
      'from_byte', unread.read_bytes,
      'to_byte', unread.read_bytes + octet_length(part));
    exit when unread.read_bytes + octet_length(part) < octet_length(unread.content);
    bytes_left := bytes_left - octet_length(part);
  end loop;
  if parts = '[]' and log.version = log.folded_to then
    return null;
  end if;
  if wanted_ids <> '{}' then
    with recursive earlier as (
      select wanted_ids[cardinality(wanted_ids)] as next_id, null::uuid as message_id,
        null::text as role, null::text as content, null::timestamptz as created_at, 0 as steps
      union all
      select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
        earlier.steps + 1
      from earlier
      -- The limit keeps the planner from joining with the whole table.
      cross join lateral (
        select * from public.messages where messages.message_id = earlier.next_id limit 1
      ) parent
      where earlier.steps < messages_before + 2 * cardinality(wanted_ids) - 1
    ),
    told as (
      select earlier.message_id, earlier.role, earlier.created_at, earlier.steps,
        case when earlier.message_id = wanted_ids[1]
          then private.text_part(earlier.content, 0, (parts #>> '{0,from_byte}')::integer)
          else earlier.content end as content
      from earlier
      where earlier.message_id = wanted_ids[1] or earlier.message_id <> all (wanted_ids)
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'message_id', message_id,
        'role', role,
        'text', right(content, characters_before),
        'from_byte', octet_length(content) - octet_length(right(content, characters_before)),
        'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
      order by steps desc), '[]')
    into before
    from told
    where content <> '';
  end if;
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('read', spans)
  where claimed.job_id = step.job_id and claimed.step = companion_memory_work.step.step;
  return private.describe_memory_log(log.memory_log_id)
    || jsonb_build_object('messages', parts, 'before', before);
end
$$;

-- A job that is given up is one failure of each of its messages.
create function private.companion_memory_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.memory_readings waiting
  set failures = failures + 1, is_read = failures + 1 >= max_failures
  where waiting.session_id = job.session_id and not waiting.is_read
    and waiting.message_id in (
      select (sent.value ->> 'message_id')::uuid
      from jsonb_array_elements(coalesce(step.payload -> 'read', '[]')) as sent (value));
  return null;
end
$$;

revoke all on function
  private.unread_for_memory(uuid),
  private.companion_memory_work(public.jobs, public.job_steps, jsonb),
  private.companion_memory_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.unread_for_memory(uuid),
  private.companion_memory_work(public.jobs, public.job_steps, jsonb),
  private.companion_memory_fail(public.jobs, public.job_steps, jsonb)
to service_role;
