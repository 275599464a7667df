-- The state of a step as commit_step and fail_step return it.
create function private.describe_step(step public.job_steps, already boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', step.job_id,
    'step', step.step,
    'status', step.status,
    'attempts', step.attempts,
    'run_after', case when step.status = 'queued' then private.iso(step.run_after) end,
    'job_status', job.status,
    'progress', job.progress,
    'already', already)
  from public.jobs job
  where job.job_id = step.job_id);

revoke all on function private.describe_step(public.job_steps, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.describe_step(public.job_steps, boolean) to service_role;
