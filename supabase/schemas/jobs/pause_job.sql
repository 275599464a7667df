-- Pauses a job: {principal, job_id}. No step begins until the job is resumed; a running step is finished.
create function public.pause_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
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

revoke all on function public.pause_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.pause_job(jsonb) to service_role;
