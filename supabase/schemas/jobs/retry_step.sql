-- Retries a step that has failed for good: {principal, admission?, job_id, step}. The job continues from it,
-- and keeps the results of other steps. Refused when the step has not failed, or the job was cancelled.
create function public.retry_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.admit(request);
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'cancelled' then
    perform private.refuse(422, 'invalid_request', 'The job was cancelled: begin another one.');
  end if;
  if job.finished_at is not null then
    -- A newer job has taken this one's place.
    if exists (
      select from public.jobs
      where subject_id = job.subject_id and kind = job.kind and merge_key = job.merge_key
        and status in ('queued', 'running', 'paused'))
    then
      perform private.refuse(422, 'invalid_request',
        'Another job does the same already: wait for that one.');
    end if;
    perform private.check_open_jobs(
      principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  end if;
  update public.job_steps
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = 0, lost_attempts = 0, lease_token = null, leased_until = null, run_after = clock_timestamp(),
      error = null, finished_at = null
  where job_id = job.job_id and step = (request ->> 'step')::integer and status = 'failed';
  if not found then
    perform private.refuse(422, 'invalid_request',
      'This step has not failed: only what was given up is tried again.');
  end if;
  update public.jobs set error = null where job_id = job.job_id;
  if job.status <> 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.retry_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.retry_step(jsonb) to service_role;
