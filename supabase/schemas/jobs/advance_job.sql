-- Advances a job, which is locked, after one of its steps has changed: makes the next step of a serial job
-- due, or ends the job.
create function private.advance_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  -- Steps of a job that reports its own progress are added one by one, so that all but the last are done: a long
  -- job's others are not counted.
  max_steps_ahead constant integer := 10;
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
    count(*) as total
  into steps
  from (
    select status from public.job_steps
    where job_id = wanted_id
    order by step desc
    limit case when job.reports_progress then max_steps_ahead end
  ) last_step;
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
        when steps.open + steps.waiting > 0 and reports_progress then progress
        when steps.open + steps.waiting > 0
          then greatest(progress, floor(100.0 * (steps.done + steps.failed) / steps.total))
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

revoke all on function private.advance_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.advance_job(uuid) to service_role;
