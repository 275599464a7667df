-- Postpones a step that is being claimed until this time (jobs/has_job_hook.sql). The job is locked. The
-- step stays queued: its owner's row of the queue, which another claim may hold, need not be written.
create function private.postpone_step(step public.job_steps, due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update public.job_steps
  set status = case when exists (
        select from public.jobs where job_id = step.job_id and status = 'paused')
        then 'waiting' else 'queued' end,
      attempts = 0, lease_token = null, leased_until = null, run_after = due_at
  where job_id = step.job_id and job_steps.step = postpone_step.step.step;
end
$$;

-- Ends the session if it has been left for long enough; otherwise returns when to check again. The session
-- is locked.
create function private.end_left_session(live public.live_sessions) returns timestamptz
language plpgsql set search_path = '' as $$
declare
  -- A reply that is written to its end belongs to the session.
  reply_pause constant interval := '10 seconds';
  pause constant interval := make_interval(secs => live.left_seconds);
  last_seen_at timestamptz;
begin
  with gone as (
    delete from public.live_connections
    where session_id = live.session_id
      and seen_at <= clock_timestamp() - private.gone_after() - pause
    returning seen_at
  )
  select greatest(live.present_until, max(seen_at)) into live.present_until from gone;
  update public.live_sessions set present_until = live.present_until
  where session_id = live.session_id and present_until <> live.present_until;

  select max(seen_at) into last_seen_at from public.live_connections
  where session_id = live.session_id;
  if last_seen_at is not null then
    return last_seen_at + private.gone_after() + pause;
  end if;
  if live.present_until + pause > clock_timestamp() then
    return live.present_until + pause;
  end if;
  if exists (
    select from public.generations where session_id = live.session_id and status = 'streaming')
  then
    return clock_timestamp() + reply_pause;
  end if;
  update public.live_sessions set end_time = present_until where session_id = live.session_id;
  return null;
end
$$;

-- The input for a part of a session's summary, from its events: {previous_summary | null, messages: [{role,
-- content}]}; null when the session has not ended yet, or there is nothing to summarise. Only messages on
-- the conversation's path count, with their newest text. Limited in messages and bytes: the rest is another
-- part, whose step has the notes so far. A message that is longer than a part is summarised in pieces:
-- read_until in the next step's payload, {event_id, read_bytes}, says how much of it is in the notes.
create function private.realtime_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  lock_pause constant interval := '1 second';
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  leaf_id uuid;
  live public.live_sessions;
  look_again_at timestamptz;
  is_continued boolean;
  after_depth integer := 0;
  read_until jsonb;
  until_depth integer;
  bytes_left integer := max_bytes;
  said record;
  from_byte integer;
  rest text;
  piece text;
  messages jsonb := '[]';
  ends_inside jsonb;
begin
  -- That lock comes before the job's, so this does not wait for it.
  select active_leaf_id into leaf_id from public.sessions
  where session_id = job.session_id and is_active
  for no key update skip locked;
  if not found then
    if exists (select from public.sessions where session_id = job.session_id and is_active) then
      perform private.postpone_step(step, clock_timestamp() + lock_pause);
    end if;
    return null;
  end if;
  select * into live from public.live_sessions where session_id = job.session_id;
  if live.end_time is null then
    look_again_at := private.end_left_session(live);
    if look_again_at is not null then
      perform private.postpone_step(step, look_again_at);
      return null;
    end if;
  end if;
  if live.summary is not null then
    return null;
  end if;

  is_continued := (step.payload ->> 'visit')::integer = live.visit and step.payload ? 'notes';
  if is_continued then
    after_depth := (step.payload ->> 'after_depth')::integer;
    read_until := step.payload -> 'read_until';
  end if;
  until_depth := after_depth;
  for said in
    with recursive path as (
      select message_id, parent_id, depth from public.messages where message_id = leaf_id
      union all
      select parent.message_id, parent.parent_id, parent.depth
      from path child
      -- The limit keeps the planner from joining with the whole table.
      cross join lateral (
        select * from public.messages where message_id = child.parent_id limit 1
      ) parent
      where child.depth > after_depth + 1
    )
    select path.depth, event.event_id, event.role, event.content
    from (select * from path where depth > after_depth order by depth limit max_messages) path
    cross join lateral (
      select newest.event_id, newest.role, newest.content
      from public.conversation_events newest
      where newest.session_id = job.session_id and newest.message_id = path.message_id
        and newest.type = 'message'
      order by newest.event_id desc
      limit 1
    ) event
    order by path.depth
  loop
    -- A text that has been changed since is read from its beginning.
    from_byte := case when (read_until ->> 'event_id')::bigint = said.event_id
      then (read_until ->> 'read_bytes')::integer else 0 end;
    rest := private.text_part(said.content, from_byte, octet_length(said.content));
    exit when messages <> '[]' and octet_length(rest) > bytes_left;
    piece := private.text_part(rest, 0, bytes_left);
    bytes_left := bytes_left - octet_length(piece);
    messages := messages || jsonb_build_object('role', said.role, 'content', piece);
    if octet_length(piece) < octet_length(rest) then
      ends_inside := jsonb_build_object(
        'event_id', said.event_id, 'read_bytes', from_byte + octet_length(piece));
      exit;
    end if;
    until_depth := said.depth;
  end loop;
  if messages = '[]' then
    return null;
  end if;
  -- The step keeps for private.realtime_summary_store what this part reaches.
  update public.job_steps
  set payload = payload || jsonb_build_object(
    'visit', live.visit,
    'until_depth', until_depth,
    'ends_inside', ends_inside,
    'is_last', ends_inside is null
      and until_depth >= (select depth from public.messages where message_id = leaf_id))
  where job_id = step.job_id and job_steps.step = realtime_summary_work.step.step;
  return jsonb_build_object(
    'previous_summary', case when is_continued then step.payload ->> 'notes' end,
    'messages', messages);
end
$$;

revoke all on function
  private.postpone_step(public.job_steps, timestamptz),
  private.end_left_session(public.live_sessions),
  private.realtime_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.postpone_step(public.job_steps, timestamptz),
  private.end_left_session(public.live_sessions),
  private.realtime_summary_work(public.jobs, public.job_steps, jsonb)
to service_role;
