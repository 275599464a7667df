-- Ends a job early: unfinished steps are dropped, and a worker that has one loses its lease. The job is
-- locked.
create function private.drop_job(wanted_id uuid) returns public.jobs
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

revoke all on function private.drop_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.drop_job(uuid) to service_role;
