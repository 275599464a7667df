-- Records one call of unknown tokens for a worker whose lease has expired, until the worker reports its
-- calls.
create function private.record_lost_call(job public.jobs, step public.job_steps) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.record_step_calls(job, step, '[{"status": "interrupted"}]');
end
$$;

revoke all on function private.record_lost_call(public.jobs, public.job_steps)
from public, anon, authenticated, service_role;
grant execute on function private.record_lost_call(public.jobs, public.job_steps) to service_role;
