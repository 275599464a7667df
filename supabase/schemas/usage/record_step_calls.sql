-- Records the calls of an attempt at a step.
create function private.record_step_calls(
  job public.jobs, step public.job_steps, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  common public.model_calls;
begin
  common.owner_id := job.owner_id;
  common.source_id := step.lease_token;
  common.job_id := job.job_id;
  common.step := step.step;
  common.kind := job.kind;
  common.project_id := coalesce(job.project_id, (
    select project_id from public.sessions where session_id = job.session_id));
  perform private.write_job_calls(common, job.job_id, calls);
end
$$;

revoke all on function private.record_step_calls(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.record_step_calls(public.jobs, public.job_steps, jsonb)
to service_role;
