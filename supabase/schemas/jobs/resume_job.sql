-- Resumes a job that was paused: {principal, job_id}.
create function public.resume_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.resume_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.resume_job(jsonb) to service_role;
