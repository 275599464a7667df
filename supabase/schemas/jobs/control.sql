-- What a job's owner asks of it.

-- How far a job is, for its owner.
create function private.job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', job.job_id,
    'kind', job.kind,
    'session_id', job.session_id,
    'project_id', job.project_id,
    'status', job.status,
    'progress', job.progress,
    'message', job.message,
    'error', job.error,
    'steps', count(*),
    'steps_done', count(*) filter (where step.status = 'done'),
    'steps_failed', count(*) filter (where step.status = 'failed'),
    'created_at', private.iso(job.created_at),
    'finished_at', private.iso(job.finished_at))
  from public.job_steps step
  where step.job_id = job.job_id);

create function private.refuse_job() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such job: use the id that it was begun with.');
end
$$;

-- The job, which is the principal's, locked with what it is for if it is to be changed; refused otherwise.
create function private.own_job(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
begin
  select * into job from public.jobs where job_id = wanted_id and owner_id = principal_id;
  if found and is_locked then
    perform from public.sessions where session_id = job.session_id for no key update;
    perform from public.projects where project_id = job.project_id for key share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse_job();
  end if;
  return job;
end
$$;

-- Ends a job before its end: what is not yet done of it is not done any more, and who works on it finds
-- the lease gone. The job is locked.
create function private.cancel_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
begin
  update public.job_steps
  set status = 'dropped', lease_token = null, finished_at = clock_timestamp()
  where job_id = wanted_id and status in ('waiting', 'queued', 'running');
  update public.jobs
  set status = 'cancelled', finished_at = clock_timestamp()
  where job_id = wanted_id and status in ('queued', 'running', 'paused');
  select * into job from public.jobs where job_id = wanted_id;
  return job;
end
$$;

-- How far a job is: {principal, job_id}.
create function public.read_job(request jsonb) returns jsonb
language sql set search_path = ''
return private.answer(private.job_body(private.own_job(request, false)));

-- Ends a job before its end: {principal, job_id}. What was done stays. One that has ended stays as it is.
create function public.cancel_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running', 'paused') then
    job := private.cancel_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

-- Nothing of the job is begun until it is resumed: {principal, job_id}. What is being done is done to its
-- end.
create function public.pause_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running') then
    update public.job_steps set status = 'waiting'
    where job_id = job.job_id and status = 'queued';
    update public.jobs set status = 'paused' where job_id = job.job_id returning * into job;
  end if;
  return private.answer(private.job_body(job));
end
$$;

-- Goes on with what is waiting of a job, which is locked.
create function private.resume_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
begin
  update public.jobs
  set status = case when exists (
        select from public.job_steps where job_id = wanted_id and attempts > 0)
        then 'running' else 'queued' end,
      finished_at = null
  where job_id = wanted_id
  returning * into job;
  if not job.is_serial then
    update public.job_steps set status = 'queued' where job_id = wanted_id and status = 'waiting';
  end if;
  return private.advance_job(wanted_id);
end
$$;

-- Goes on with a job that was paused: {principal, job_id}.
create function public.resume_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'paused' then
    job := private.resume_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

-- Tries a step again that was given up: {principal, job_id, step}. The job goes on with it, and what was
-- done of it stays. Refused when the step has not failed, or the job was cancelled.
create function public.retry_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'cancelled' then
    perform private.refuse(422, 'invalid_request', 'The job was cancelled: begin another one.');
  end if;
  if job.finished_at is not null then
    -- Another one has taken its place meanwhile.
    if exists (
      select from public.jobs
      where subject_id = job.subject_id and kind = job.kind and merge_key = job.merge_key
        and status in ('queued', 'running', 'paused'))
    then
      perform private.refuse(422, 'invalid_request',
        'Another job does the same already: wait for that one.');
    end if;
    perform private.check_open_jobs(job.owner_id);
  end if;
  update public.job_steps
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = 0, lease_token = null, leased_until = null, run_after = clock_timestamp(),
      error = null, finished_at = null
  where job_id = job.job_id and step = (request ->> 'step')::integer and status = 'failed';
  if not found then
    perform private.refuse(422, 'invalid_request',
      'This step has not failed: only what was given up is tried again.');
  end if;
  update public.jobs set error = null where job_id = job.job_id;
  if job.status <> 'paused' then
    job := private.resume_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;
