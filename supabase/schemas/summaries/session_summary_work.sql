-- The input for summarising the next part of a session: {previous_summary | null, messages: [{role,
-- content}], until_message_id}; null when nothing is left to do. Limited in messages and bytes: the rest is
-- another part. A message that is longer than a part is summarised in pieces, with its attachments; the
-- summary up to a place inside it is kept in the job's payload as `partial`: {message_id, revision, bytes,
-- read_bytes, base, summary}. It becomes invalid if the message changes, or the summary before it, its base.
create function private.session_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (job.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  partial constant jsonb := job.payload -> 'partial';
  base text;
  previous text;
  bytes_left integer := max_bytes;
  message record;
  from_byte integer;
  rest text;
  piece text;
  messages jsonb := '[]';
  until_id uuid;
  ends_inside jsonb;
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

  previous := covered.summary;
  base := concat(covered.until_message_id, ' ', covered.created_at);
  for message in
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
    ordered as (
      select * from listed order by depth limit max_messages
    )
    select said.message_id, said.role, said.revision, said.content
    from ordered
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select whole.message_id, whole.role, whole.revision,
        private.without_forgotten(whole) || case when whole.role = 'user'
          then private.attached_text(whole.metadata) else '' end as content
      from public.messages whole
      where whole.message_id = ordered.message_id
      limit 1
    ) said
    order by ordered.depth
  loop
    from_byte := 0;
    if until_id is null and partial ->> 'message_id' = message.message_id::text
      and (partial ->> 'revision')::integer = message.revision
      and (partial ->> 'bytes')::integer = octet_length(message.content)
      and partial ->> 'base' = base
    then
      from_byte := (partial ->> 'read_bytes')::integer;
      previous := partial ->> 'summary';
    end if;
    rest := private.text_part(message.content, from_byte, octet_length(message.content));
    exit when until_id is not null and octet_length(rest) > bytes_left;
    piece := private.text_part(rest, 0, bytes_left);
    until_id := message.message_id;
    bytes_left := bytes_left - octet_length(piece);
    if piece <> '' then
      messages := messages || jsonb_build_object('role', message.role, 'content', piece);
    end if;
    if octet_length(piece) < octet_length(rest) then
      ends_inside := jsonb_build_object(
        'message_id', message.message_id, 'revision', message.revision,
        'bytes', octet_length(message.content), 'read_bytes', from_byte + octet_length(piece),
        'base', base);
      exit;
    end if;
  end loop;
  work := jsonb_build_object(
    'previous_summary', previous, 'messages', messages, 'until_message_id', until_id);
  -- The step keeps them for private.session_summary_store.
  update public.job_steps
  set payload = payload
    || jsonb_build_object('next_message_id', until_id, 'ends_inside', ends_inside)
  where job_id = step.job_id and job_steps.step = session_summary_work.step.step;
  return work;
end
$$;

revoke all on function private.session_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_work(public.jobs, public.job_steps, jsonb) to service_role;
