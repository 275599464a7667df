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
-- private.describe_memory_log, with messages: [{message_id, role, text, created_at}], the user's unread ones,
-- and before: [the same], the messages before each, oldest first. If messages is empty, the log only has to
-- be folded; null when that is not necessary either. The step keeps the messages' ids. The size is limited:
-- the rest is another part.
create function private.companion_memory_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 10;
  max_characters constant integer := 6000;
  max_bytes constant integer := 24576;
  messages_before constant integer := 4;
  characters_before constant integer := 1500;
  session public.sessions;
  log public.memory_logs;
  wanted_ids uuid[];
  parts jsonb;
  before jsonb := '[]';
begin
  select * into session from public.sessions where session_id = job.session_id and is_active;
  if not found then
    return null;
  end if;
  log := private.open_memory_log(session.owner_id, session.character_id);
  with sized as (
    select unread.message_id, unread.depth,
      sum(octet_length(left(message.content, max_characters))) over (order by unread.depth)
        as bytes_so_far,
      row_number() over (order by unread.depth) as place
    from private.unread_for_memory(session.session_id) unread
    cross join lateral (
      select content from public.messages where message_id = unread.message_id limit 1
    ) message
  )
  select coalesce(array_agg(message_id order by depth), '{}') into wanted_ids
  from sized
  where place = 1 or place <= max_messages and bytes_so_far <= max_bytes;
  if wanted_ids = '{}' and log.version = log.folded_to then
    return null;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object(
      'message_id', message.message_id,
      'role', message.role,
      'text', left(message.content, max_characters),
      'created_at', floor(extract(epoch from message.created_at) * 1000)::bigint)
    order by message.depth), '[]')
  into parts
  from unnest(wanted_ids) as wanted (message_id)
  cross join lateral (
    select * from public.messages where message_id = wanted.message_id limit 1
  ) message;
  if wanted_ids <> '{}' then
    with recursive earlier as (
      select first.parent_id as next_id, null::uuid as message_id, null::text as role,
        null::text as content, null::timestamptz as created_at, 0 as steps
      from public.messages first where first.message_id = wanted_ids[cardinality(wanted_ids)]
      union all
      select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
        earlier.steps + 1
      from earlier
      -- The limit keeps the planner from joining with the whole table.
      cross join lateral (
        select * from public.messages where messages.message_id = earlier.next_id limit 1
      ) parent
      where earlier.steps < messages_before + 2 * cardinality(wanted_ids) - 2
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'message_id', message_id,
        'role', role,
        'text', right(content, characters_before),
        'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
      order by steps desc), '[]')
    into before
    from earlier
    where content <> '' and message_id <> all (wanted_ids);
  end if;
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('message_ids', to_jsonb(wanted_ids))
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
      select sent.message_id::uuid
      from jsonb_array_elements_text(coalesce(step.payload -> 'message_ids', '[]'))
        as sent (message_id));
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
