-- Of a worker whose lease has ended without a word nobody knows what it has asked: one call, until it tells.
create function private.record_lost_call(job public.jobs, step public.job_steps) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.record_step_calls(job, step, '[{"status": "interrupted"}]');
end
$$;

revoke all on function private.record_lost_call(public.jobs, public.job_steps)
from public, anon, authenticated, service_role;
grant execute on function private.record_lost_call(public.jobs, public.job_steps) to service_role;
