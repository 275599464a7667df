-- Begins a job: {kind, owner_id, session_id or project_id, merge_key?, merge?, is_serial?, payload?, steps?:
-- [payload], run_after?, kept_for?, reports_progress?}. The caller has locked the job's subject (its session
-- or project). By default a job is serial, has one step, and is kept for a day. With a merge_key the request
-- is merged into the open job with that key. merge "waiting", the default: the first waiting step takes over
-- payload and run_after; if no step is waiting, the steps are added. merge "open": nothing is added, because
-- the worker of the open job continues until no work is left. Returns the job.
create function private.add_job(request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  steps constant jsonb := coalesce(request -> 'steps', '[{}]');
  joins_open constant boolean := coalesce(request ->> 'merge', 'waiting') = 'open';
  due_at constant timestamptz := coalesce(
    (request ->> 'run_after')::timestamptz, clock_timestamp());
  job public.jobs;
begin
  -- Jobs whose time is over are deleted when the next one of their kind and subject begins.
  delete from public.jobs old
  where old.kind = request ->> 'kind' and old.finished_at + old.kept_for < clock_timestamp()
    and (old.session_id = (request ->> 'session_id')::uuid
      or old.project_id = (request ->> 'project_id')::uuid);
  -- A worker that is claiming the open job at this moment may not see the new work, and may end the job.
  -- Writing to the job's row waits for that worker; if the job has ended, a new one is made.
  insert into public.jobs as open_one (
    kind, owner_id, session_id, project_id, merge_key, is_serial, payload, kept_for, created_at,
    reports_progress)
  values (
    request ->> 'kind', (request ->> 'owner_id')::uuid, (request ->> 'session_id')::uuid,
    (request ->> 'project_id')::uuid, request ->> 'merge_key',
    coalesce((request ->> 'is_serial')::boolean, true), coalesce(request -> 'payload', '{}'),
    case when request ? 'kept_for' then (request ->> 'kept_for')::interval
      else private.retention_of('finished_jobs') end,
    clock_timestamp(), coalesce((request ->> 'reports_progress')::boolean, false))
  on conflict (subject_id, kind, merge_key)
    where status in ('queued', 'running', 'paused') and merge_key is not null
    do update set payload = case when joins_open then open_one.payload
      else open_one.payload || excluded.payload end
  returning * into job;
  if exists (select from public.job_steps where job_id = job.job_id) then
    if joins_open then
      return job;
    end if;
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
  return job;
end
$$;

revoke all on function private.add_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.add_job(jsonb) to service_role;
