-- A failure that another attempt cannot help ends a story's task at once, and a task that tries again says why.
-- Like the schema files.

drop function private.end_attempt(public.jobs, public.job_steps, text, double precision);

-- Ends an attempt at a step that has failed: the step is retried later, or has failed for good, after its last
-- attempt or because another one cannot help (is_final). The job is locked; returns the step.
create function private.end_attempt(
  job public.jobs, failed public.job_steps, reason text, pause_seconds double precision,
  is_final boolean default false
) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 5;
  is_last constant boolean := is_final or failed.attempts >= max_attempts;
begin
  update public.job_steps
  set status = case
        when is_last then 'failed'
        when job.status = 'paused' then 'waiting'
        else 'queued'
      end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      finished_at = case when is_last then clock_timestamp() end,
      error = left(reason, 1000)
  where job_id = failed.job_id and step = failed.step
  returning * into failed;
  if is_last then
    update public.jobs set error = failed.error where job_id = job.job_id;
    job := private.advance_job(job.job_id);
    if job.status = 'failed' then
      perform private.call_job_hook('fail', job, failed);
    end if;
  end if;
  return failed;
end
$$;

revoke all on function private.end_attempt(public.jobs, public.job_steps, text, double precision, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.end_attempt(public.jobs, public.job_steps, text, double precision, boolean)
to service_role;

-- Gives back a step that could not be done: {job_id, step, lease_token, error, retry_after_seconds?, is_final?,
-- calls?}; returns the same as commit_step, without the kind's answer. A step is tried five times, with growing
-- pauses, unless the failure is final.
create or replace function public.fail_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  failed public.job_steps := private.open_step(request);
  job public.jobs;
  -- Each pause is four times as long as the one before, with jitter: many steps wait for a provider that was
  -- down.
  pause_seconds constant double precision :=
    first_pause_seconds * 4 ^ (failed.attempts - 1) * (0.75 + random() / 2);
begin
  select * into job from public.jobs where job_id = failed.job_id;
  if failed.status <> 'running' then
    return private.describe_step(failed, true);
  end if;
  perform private.record_step_calls(job, failed, request -> 'calls');
  failed := private.end_attempt(job, failed, request ->> 'error', least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds), coalesce((request ->> 'is_final')::boolean, false));
  return private.describe_step(failed, false);
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

create or replace function private.story_task_body(job public.jobs, with_result boolean) returns jsonb
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

revoke all on function private.story_task_failure(public.jobs) from public, anon, authenticated, service_role;
grant execute on function private.story_task_failure(public.jobs) to service_role;
