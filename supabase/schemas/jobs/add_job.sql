-- Beginning a job.

-- Adds steps after those that the job has, which is locked: an array of payloads. Of a serial job, and of
-- one that is paused, they wait (private.advance_job).
create function private.add_steps(job public.jobs, payloads jsonb, due_at timestamptz)
returns void
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  known integer := coalesce((
    select step from public.job_steps where job_id = job.job_id order by step desc limit 1), 0);
begin
  if jsonb_typeof(payloads) is distinct from 'array' or known + jsonb_array_length(payloads) > max_steps
    or exists (
      select from jsonb_array_elements(payloads) sent where jsonb_typeof(sent) <> 'object')
  then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of objects, and a job may have %s.', max_steps));
  end if;
  insert into public.job_steps (job_id, step, owner_id, kind, status, run_after, payload, created_at)
  select job.job_id, known + sent.place, job.owner_id, job.kind,
    case when job.is_serial or job.status = 'paused' then 'waiting' else 'queued' end,
    due_at, sent.payload, clock_timestamp()
  from jsonb_array_elements(payloads) with ordinality as sent (payload, place);
end
$$;

-- Brings a job on, which is locked, after something has changed: the next step of a serial one is due, or
-- the job has ended.
create function private.advance_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
  steps record;
begin
  select * into job from public.jobs where job_id = wanted_id;
  if job.status not in ('queued', 'running', 'paused') then
    return job;
  end if;
  select count(*) filter (where status in ('queued', 'running')) as open,
    count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status = 'done') as done,
    count(*) filter (where status = 'failed') as failed,
    count(*) as all
  into steps
  from public.job_steps
  where job_id = wanted_id;
  if job.is_serial and steps.failed = 0 and steps.open = 0 and steps.waiting > 0
    and job.status <> 'paused'
  then
    update public.job_steps set status = 'queued'
    where job_id = wanted_id and step = (
      select min(step) from public.job_steps where job_id = wanted_id and status = 'waiting');
    steps.open := 1;
  end if;
  update public.jobs
  set status = case
        when is_serial and steps.failed > 0 then 'failed'
        when steps.open + steps.waiting > 0 then status
        when steps.done > 0 then 'done'
        else 'failed'
      end,
      progress = case
        when steps.open + steps.waiting > 0
          then greatest(progress, floor(100.0 * (steps.done + steps.failed) / steps.all))
        when steps.done > 0 then 100
        else progress
      end,
      finished_at = case
        when is_serial and steps.failed > 0 or steps.open + steps.waiting = 0
          then clock_timestamp()
      end
  where job_id = wanted_id
  returning * into job;
  return job;
end
$$;

-- Begins a job: {kind, owner_id, session_id or project_id, merge_key?, is_serial?, payload?, steps?: [payload],
-- run_after?, kept_for?}. The caller has locked what it is for. It is serial unless told otherwise, has one
-- step unless told more, and is kept for a day. With a merge_key it becomes part of the job that is
-- open under that key: what waits of that takes over payload and run_after, and where nothing waits the
-- steps come after those that are being done. Returns the job.
create function private.add_job(request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  steps constant jsonb := coalesce(request -> 'steps', '[{}]');
  due_at constant timestamptz := coalesce(
    (request ->> 'run_after')::timestamptz, clock_timestamp());
  is_new boolean;
  job public.jobs;
begin
  -- Of what was kept for its time nothing is left when the next one begins.
  delete from public.jobs old
  where old.kind = request ->> 'kind' and old.finished_at + old.kept_for < clock_timestamp()
    and (old.session_id = (request ->> 'session_id')::uuid
      or old.project_id = (request ->> 'project_id')::uuid);
  insert into public.jobs as open_one (
    kind, owner_id, session_id, project_id, merge_key, is_serial, payload, kept_for, created_at)
  values (
    request ->> 'kind', (request ->> 'owner_id')::uuid, (request ->> 'session_id')::uuid,
    (request ->> 'project_id')::uuid, request ->> 'merge_key',
    coalesce((request ->> 'is_serial')::boolean, true), coalesce(request -> 'payload', '{}'),
    case when request ? 'kept_for' then (request ->> 'kept_for')::interval else '1 day' end,
    clock_timestamp())
  on conflict (subject_id, kind, merge_key)
    where status in ('queued', 'running', 'paused') and merge_key is not null
    do update set payload = open_one.payload || excluded.payload
  returning * into job;
  is_new := not exists (select from public.job_steps where job_id = job.job_id);
  if not is_new then
    update public.job_steps
    set payload = payload || coalesce(steps -> 0, '{}'),
        run_after = case when request ? 'run_after' then due_at else run_after end
    where job_id = job.job_id and step = (
      select min(step) from public.job_steps
      where job_id = job.job_id and status in ('waiting', 'queued') and attempts = 0);
    if found then
      return job;
    end if;
  end if;
  perform private.add_steps(job, steps, due_at);
  return private.advance_job(job.job_id);
end
$$;

-- Refuses when the owner has as many open jobs as they may.
create function private.check_open_jobs(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  max_open_jobs constant integer := 200;
begin
  if (
    select count(*) >= max_open_jobs
    from (
      select from public.jobs
      where owner_id = principal_id and status in ('queued', 'running', 'paused')
      limit max_open_jobs
    ) open)
  then
    perform private.refuse(429, 'rate_limited', format(
      '%s jobs of yours are open: wait until one has ended, or cancel one.', max_open_jobs), '60');
  end if;
end
$$;

-- Begins a job of a person's: {principal, kind, session_id or project_id, merge_key?, is_serial?, payload?,
-- steps?, delay_seconds?}, as private.add_job has them; 202 with private.job_body. At most 200 jobs of an
-- owner are open.
create function public.start_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_delay_seconds constant double precision := 31536000;
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  delay_seconds constant double precision := (request ->> 'delay_seconds')::double precision;
  job public.jobs;
begin
  if wanted_session_id is not null then
    perform private.open_own_session(principal_id, wanted_session_id);
  else
    perform private.open_project(principal_id, private.read_id(request, 'project_id'));
  end if;
  perform private.check_open_jobs(principal_id);
  job := private.add_job(
    (request - array['principal', 'owner_id', 'delay_seconds', 'run_after', 'kept_for', 'project_id'])
    || jsonb_build_object('owner_id', principal_id)
    || case when wanted_session_id is null
      then jsonb_build_object('project_id', request -> 'project_id') else '{}' end
    || case when delay_seconds is null then '{}' else jsonb_build_object(
      'run_after', clock_timestamp() + make_interval(
        secs => least(greatest(delay_seconds, 0), max_delay_seconds))) end);
  return private.answer(private.job_body(job), 202);
end
$$;
