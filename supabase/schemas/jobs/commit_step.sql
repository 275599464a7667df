-- Ending an attempt at a step, by the lease that it was claimed with.

-- The step with this lease, locked with its job and what that is for; refused when the lease was not the
-- last one of it.
create function private.open_step(request jsonb) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  job public.jobs;
  opened public.job_steps;
begin
  select * into job from public.jobs where job_id = wanted_id;
  perform from public.sessions where session_id = job.session_id for no key update;
  perform from public.projects where project_id = job.project_id for key share;
  perform from public.jobs where job_id = wanted_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such job, or what it was for is gone: drop what was done.');
  end if;
  select * into opened from public.job_steps
  where job_id = wanted_id and step = (request ->> 'step')::integer
  for update;
  if (opened.lease_token = lease) is not true then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this step, or it begins anew, or its job was cancelled: drop what was done.');
  end if;
  return opened;
end
$$;

-- What callers are told of a step that they have ended.
create function private.describe_step(step public.job_steps, already boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', step.job_id,
    'step', step.step,
    'status', step.status,
    'attempts', step.attempts,
    'run_after', case when step.status = 'queued' then private.iso(step.run_after) end,
    'job_status', job.status,
    'progress', job.progress,
    'already', already)
  from public.jobs job
  where job.job_id = step.job_id);

-- Stores what a step was for: {job_id, step, lease_token, result, calls?, progress?, message?, next_steps?}. What the
-- kind makes of the result is its own (private.<kind>_store); calls are those that were made for it
-- (private.record_model_calls); next_steps are payloads of steps that come after those that the job has.
-- Returns {job_id, step, status, attempts, run_after, job_status, progress, already} with what the kind
-- answers. Calling again changes nothing and says `already`.
create function public.commit_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  done public.job_steps := private.open_step(request);
  job public.jobs;
  is_first_call constant boolean := done.status = 'running';
  stored jsonb;
begin
  select * into job from public.jobs where job_id = done.job_id;
  if not is_first_call then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', true));
    return private.describe_step(done, true)
      || coalesce(nullif(stored -> 'answer', 'null'), '{}');
  end if;
  perform private.record_step_calls(job, done, request -> 'calls');
  if private.has_job_hook(job.kind, 'store') then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', false));
  else
    stored := jsonb_build_object('result', request -> 'result');
  end if;
  update public.job_steps
  set status = 'done', result = stored -> 'result', error = null, finished_at = clock_timestamp()
  where job_id = done.job_id and step = done.step
  returning * into done;
  update public.jobs
  set progress = greatest(progress, least((request ->> 'progress')::integer, 100)),
      message = coalesce(left(request ->> 'message', 500), message),
      error = case when is_serial then null else error end
  where job_id = done.job_id;
  if jsonb_typeof(request -> 'next_steps') = 'array' and request -> 'next_steps' <> '[]' then
    perform private.add_steps(job, request -> 'next_steps', clock_timestamp());
  end if;
  if (stored ->> 'has_more')::boolean then
    perform private.add_steps(job, '[{}]', clock_timestamp());
  end if;
  perform private.advance_job(done.job_id);
  return private.describe_step(done, false) || coalesce(nullif(stored -> 'answer', 'null'), '{}');
end
$$;

-- Gives a step back that could not be done: {job_id, step, lease_token, error, retry_after_seconds?, calls?};
-- returns what commit_step does, without what the kind answers. It is tried five times, after longer and
-- longer pauses.
create function public.fail_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  failed public.job_steps := private.open_step(request);
  job public.jobs;
  -- Four times as long each time, and not all at once: a provider that was away has many waiting.
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
    max_pause_seconds));
  return private.describe_step(failed, false);
end
$$;

-- Says that a worker goes on: {job_id, step, lease_token, lease_seconds?, progress?, message?, generation_id?}, where
-- progress is the job's in percent, and generation_id the text that the step makes. Returns
-- {leased_until}; refused like a commit when the step is somebody else's now, or its job was cancelled.
create function public.report_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  reported public.job_steps := private.open_step(request);
  lease_end constant timestamptz := clock_timestamp() + make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
begin
  if reported.status = 'running' then
    update public.job_steps
    set leased_until = greatest(leased_until, lease_end),
        run_after = greatest(leased_until, lease_end),
        generation_id = coalesce(private.read_id(request, 'generation_id'), generation_id)
    where job_id = reported.job_id and step = reported.step
    returning * into reported;
    update public.jobs
    set progress = greatest(progress, least((request ->> 'progress')::integer, 100)),
        message = coalesce(left(request ->> 'message', 500), message)
    where job_id = reported.job_id;
  end if;
  return jsonb_build_object('leased_until', private.iso(reported.leased_until));
end
$$;
