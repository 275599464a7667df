-- Cancels a job: {principal, job_id}. The results of its steps are kept. A job that has ended does not
-- change.
create function public.cancel_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running', 'paused') then
    job := private.drop_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.cancel_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.cancel_job(jsonb) to service_role;
