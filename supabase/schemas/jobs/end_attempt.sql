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
