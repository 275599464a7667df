-- The running reply of a session.

-- The session's running generation; nulls when there is none, or its writer is considered dead.
create function private.running_generation(wanted_session_id uuid) returns public.generations
language plpgsql set search_path = '' as $$
declare
  running public.generations;
begin
  select * into running from public.generations
  where session_id = wanted_session_id and status = 'streaming';
  if found and private.is_silent(running) then
    return null;
  end if;
  return running;
end
$$;

-- The form for callers: {stream_id, message_id, started_at}; null for none.
create function private.describe_running(running public.generations) returns jsonb
language sql stable parallel safe
return case when running.generation_id is not null then pg_catalog.jsonb_build_object(
  'stream_id', running.stream_id,
  'message_id', running.message_id,
  'started_at', private.iso(running.started_at)) end;

-- Refuses an action that must wait until the running reply ends.
create function private.refuse_while_running(running public.generations, message text) returns void
language plpgsql set search_path = '' as $$
declare
  retry_after_s constant integer := 2;
begin
  perform private.refuse_with(409, 'turn_in_progress', message,
    jsonb_build_object('running', private.describe_running(running)), retry_after_s);
end
$$;

-- The running reply as a message of its session, with its saved text.
create function private.running_message(running public.generations) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'message_id', running.message_id,
    'session_id', running.session_id,
    'turn_id', question.turn_id,
    'parent_id', question.message_id,
    'role', 'assistant',
    'content', coalesce((
      select string_agg(chunk.text, '' order by chunk.from_offset)
      from public.generation_chunks chunk
      where chunk.generation_id = running.generation_id), ''),
    'is_complete', false,
    'metadata', jsonb_strip_nulls(jsonb_build_object(
      'status', running.status,
      'stream_id', running.stream_id,
      'continued_from', running.continued_from_id)),
    'take_number', takes.count + 1,
    'take_count', takes.count + 1,
    'created_at', private.iso(running.started_at),
    'updated_at', private.iso(running.heartbeat_at))
  from (select running.user_message_id, running.message_id) asked
  join public.messages question on question.message_id = asked.user_message_id
  cross join lateral (
    select count(*) as count from public.messages sibling
    where sibling.parent_id = question.message_id and sibling.session_id = question.session_id
      and sibling.role = 'assistant'
  ) takes
);

revoke all on function
  private.running_generation(uuid),
  private.describe_running(public.generations),
  private.refuse_while_running(public.generations, text),
  private.running_message(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.running_generation(uuid),
  private.describe_running(public.generations),
  private.refuse_while_running(public.generations, text),
  private.running_message(public.generations)
to service_role;
