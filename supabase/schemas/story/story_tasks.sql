-- Tasks of stories for their owner. A task is a job of the kind `story` or `story_illustrations`, whose id is
-- callers' task_id.

-- The principal's task, locked with its project if it is to be changed; refuses any other.
create function private.own_story_task(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  job public.jobs;
begin
  select * into job from public.jobs
  where job_id = wanted_id and owner_id = principal_id
    and kind in ('story', 'story_illustrations');
  if found and is_locked then
    perform from public.projects where project_id = job.project_id for share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id
      and kind in ('story', 'story_illustrations')
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse(404, 'not_found',
      'There is no such task: use the task_id that it was begun with. A task is kept for 7 days.');
  end if;
  return job;
end
$$;

-- Why the task has failed, or why its newest step is tried again, and when: {code, message, retry_at?}; null if
-- neither.
create function private.story_task_failure(job public.jobs) returns jsonb
language sql stable set search_path = ''
return coalesce((
    select private.told_failure(step.error)
      || jsonb_build_object('retry_at', private.iso(step.run_after))
    from public.job_steps step
    where step.job_id = job.job_id and step.status = 'queued' and step.error is not null
      and job.finished_at is null
    order by step.step desc
    limit 1),
  case when job.status in ('failed', 'running') and job.error is not null
    then private.told_failure(job.error) end);

create function private.story_task_body(job public.jobs, with_result boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object('language', settings -> 'language', 'unit', settings -> 'unit')
  from public.stories where stories.project_id = job.project_id)
  || (
  select jsonb_build_object(
    'task_id', job.job_id,
    'project_id', job.project_id,
    'route', job.payload -> 'route',
    'status', private.story_task_status(job.status),
    'progress', job.progress,
    'message', case
      when why.failure ? 'retry_at' then (why.failure ->> 'message') || ' The task tries again by itself.'
      when job.message is not null then job.message
      when job.finished_at is null then 'The task waits for its first step.'
      else 'The task ended before its first step.'
    end,
    'created_at', private.iso(job.created_at),
    'updated_at', private.iso(coalesce(job.finished_at, (
      select created_at from public.story_events where job_id = job.job_id order by seq desc limit 1),
      job.created_at)))
    || case when why.failure is not null
      then jsonb_build_object('error', why.failure) else '{}' end
  from (select private.story_task_failure(job) as failure) why)
  || case when job.payload ? 'adjustments'
    then jsonb_build_object('adjustments', job.payload -> 'adjustments') else '{}' end
  || case when with_result
    then jsonb_build_object('result', private.story_result(job)) else '{}' end;

-- A task's progress and results: {principal, task_id}.
create function public.read_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job constant public.jobs := private.own_story_task(request, false);
begin
  return private.answer(private.story_task_body(job, true));
end
$$;

-- For watchers of a task: {principal, task_id, after_seq?, draft_step?, draft_after_bytes?}; returns
-- read_story_task's body, with the result only when the task has ended, and events: [{seq, type, body}] after
-- after_seq, draft: {step, part, attempt, from_byte, text} | null, the running step's text after
-- draft_after_bytes if draft_step is that step, and reading_session_id | null, the session of a scene that is
-- still to be read for the dossier.
create function public.watch_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_events constant integer := 200;
  job constant public.jobs := private.own_story_task(request, false);
  step public.job_steps;
begin
  select * into step from public.job_steps
  where job_id = job.job_id
  order by job_steps.step desc
  limit 1;
  return private.story_task_body(job, job.finished_at is not null) || jsonb_build_object(
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'seq', event.seq, 'type', event.type, 'body', event.body) order by event.seq), '[]')
      from (
        select * from public.story_events
        where job_id = job.job_id and seq > coalesce((request ->> 'after_seq')::integer, 0)
        order by seq
        limit max_events
      ) event),
    'draft', private.draft_beyond(step, case
      when (request ->> 'draft_step')::integer = step.step
        then coalesce((request ->> 'draft_after_bytes')::integer, 0) else 0 end),
    'reading_session_id', private.scene_to_read(job.project_id));
end
$$;

-- The saved text of a step after this many bytes; from the beginning if less is saved, because a new attempt
-- has begun. Null if nothing is saved.
create function private.draft_beyond(step public.job_steps, after_bytes integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  saved_bytes integer;
  saved_attempt integer;
  start integer;
  bytes bytea;
begin
  select draft.from_byte + octet_length(draft.text), draft.attempt into saved_bytes, saved_attempt
  from public.story_drafts draft
  where draft.job_id = step.job_id and draft.step = step.step
  order by draft.from_byte desc
  limit 1;
  if not found then
    return null;
  end if;
  select convert_to(string_agg(draft.text, '' order by draft.from_byte), 'UTF8') into bytes
  from public.story_drafts draft
  where draft.job_id = step.job_id and draft.step = step.step;
  start := case when after_bytes <= saved_bytes then greatest(after_bytes, 0) else 0 end;
  -- A caller's number may be inside a character.
  while start < saved_bytes and get_byte(bytes, start) & 192 = 128 loop
    start := start - 1;
  end loop;
  return jsonb_build_object(
    'step', step.step, 'part', step.payload -> 'part', 'attempt', saved_attempt, 'from_byte', start,
    'text', convert_from(substr(bytes, start + 1), 'UTF8'));
end
$$;

-- The session of the project's last written scene, if a job that reads it is open.
create function private.scene_to_read(wanted_project_id uuid) returns uuid
language sql stable set search_path = ''
return (
  select last_scene.session_id
  from (
    select scene.session_id from public.story_parts scene
    where scene.project_id = wanted_project_id and scene.kind = 'scene' and scene.number is not null
      and scene.message_id is not null
    order by scene.number desc
    limit 1
  ) last_scene
  where exists (
    select from public.jobs reading
    where reading.session_id = last_scene.session_id and reading.kind = 'dossier_extraction'
      and reading.status in ('queued', 'running')));

-- Ends a task; its texts stay: {principal, task_id}. A task that has ended does not change.
create function public.cancel_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  if job.status in ('queued', 'running', 'paused') then
    job := private.drop_job(job.job_id);
  end if;
  return private.answer(private.story_task_body(job, false));
end
$$;

-- Pauses a task until it is resumed: {principal, task_id}. A running step is finished and stored.
create function public.pause_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  perform public.pause_job(request || jsonb_build_object('job_id', job.job_id));
  select * into job from public.jobs where job_id = job.job_id;
  return private.answer(private.story_task_body(job, false));
end
$$;

-- Resumes a paused task: {principal, task_id}.
create function public.resume_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  perform public.resume_job(request || jsonb_build_object('job_id', job.job_id));
  select * into job from public.jobs where job_id = job.job_id;
  return private.answer(private.story_task_body(job, false));
end
$$;

-- Continues a failed task from the step that was given up: {principal, admission?, task_id}.
create function public.retry_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs;
begin
  -- Before the job is locked.
  perform private.admit(request);
  request := request - 'admission';
  job := private.own_story_task(request, true);
  if job.status <> 'failed' then
    perform private.refuse(422, 'invalid_request',
      'This task has not failed: only what was given up is tried again.');
  end if;
  perform public.retry_step(request || jsonb_build_object('job_id', job.job_id, 'step', (
    select max(step) from public.job_steps where job_id = job.job_id and status = 'failed')));
  select * into job from public.jobs where job_id = job.job_id;
  if private.is_story_cached(job.payload ->> 'route') then
    insert into public.story_cache (owner_id, project_id, cache_key, route, job_id, created_at)
    values (job.owner_id, job.project_id, job.payload ->> 'cache_key', job.payload ->> 'route', job.job_id,
      clock_timestamp());
  end if;
  return private.answer(private.story_task_body(job, false), 202);
end
$$;

revoke all on function
  private.own_story_task(jsonb, boolean),
  private.story_task_failure(public.jobs),
  private.story_task_body(public.jobs, boolean),
  public.read_story_task(jsonb),
  public.watch_story_task(jsonb),
  private.draft_beyond(public.job_steps, integer),
  private.scene_to_read(uuid),
  public.cancel_story_task(jsonb),
  public.pause_story_task(jsonb),
  public.resume_story_task(jsonb),
  public.retry_story_task(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.own_story_task(jsonb, boolean),
  private.story_task_failure(public.jobs),
  private.story_task_body(public.jobs, boolean),
  public.read_story_task(jsonb),
  public.watch_story_task(jsonb),
  private.draft_beyond(public.job_steps, integer),
  private.scene_to_read(uuid),
  public.cancel_story_task(jsonb),
  public.pause_story_task(jsonb),
  public.resume_story_task(jsonb),
  public.retry_story_task(jsonb)
to service_role;
