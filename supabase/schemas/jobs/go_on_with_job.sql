-- Makes the waiting steps of a job, which is locked, due. A job that had ended takes its plan's share
-- again.
create function private.go_on_with_job(wanted_id uuid) returns public.jobs
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
  job := private.advance_job(wanted_id);
  if job.finished_at is null then
    perform private.retake_share(job);
  end if;
  return job;
end
$$;

revoke all on function private.go_on_with_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.go_on_with_job(uuid) to service_role;
