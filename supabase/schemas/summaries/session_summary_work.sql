-- The input for summarising the next part of a session: {previous_summary | null, messages: [{role,
-- content}], until_message_id}; null when nothing is left to do. Bounded in messages and bytes: the rest is
-- another part.
create function private.session_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  -- Per message: only the beginning of a pasted chapter is summarised.
  max_message_characters constant integer := 4000;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (job.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  work jsonb;
begin
  select * into goal from public.messages where message_id = wanted_id;
  -- The conversation may have been deleted, or may have taken another path.
  if not exists (
    select from public.sessions session
    where session.session_id = job.session_id and session.is_active
      and private.message_on_path(session.active_leaf_id, goal.depth) = wanted_id)
  then
    return null;
  end if;
  covered := private.summary_on_path(job.session_id, wanted_id, no_limit);
  if covered.until_message_id = wanted_id then
    return null;
  end if;
  covered_depth := coalesce(
    (select depth from public.messages where message_id = covered.until_message_id), 0);

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = wanted_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from walked child
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > covered_depth + 1 and child.position <> child.depth
  ),
  listed as (
    select message_id, depth from walked where position <> depth
    union all
    (
      select message_id, depth from public.messages
      where session_id = job.session_id and owner_id = job.owner_id
        and position > covered_depth
        and position <= (select max(depth) from walked where position = depth)
      order by position
      limit max_messages
    )
  ),
  sized as (
    select message.message_id, message.role, message.depth, message.content,
      sum(octet_length(message.content)) over (order by message.depth) as bytes_so_far
    from (select * from listed order by depth limit max_messages) first_ones
    cross join lateral (
      select whole.message_id, whole.role, whole.depth,
        left(private.without_forgotten(whole), max_message_characters) as content
      from public.messages whole
      where whole.message_id = first_ones.message_id
      limit 1
    ) message
  )
  select jsonb_build_object(
    'previous_summary', covered.summary,
    'messages', coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth)
        filter (where content <> ''), '[]'),
    'until_message_id', (array_agg(message_id order by depth desc))[1])
  into work
  from sized
  where bytes_so_far <= max_bytes;
  -- The step keeps the id for private.session_summary_store.
  update public.job_steps
  set payload = payload || jsonb_build_object('next_message_id', work -> 'until_message_id')
  where job_id = step.job_id and job_steps.step = session_summary_work.step.step;
  return work;
end
$$;

revoke all on function private.session_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_work(public.jobs, public.job_steps, jsonb) to service_role;
