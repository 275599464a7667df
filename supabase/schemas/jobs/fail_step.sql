-- Gives back a step that could not be done: {job_id, step, lease_token, error, retry_after_seconds?, is_final?,
-- calls?}; returns the same as commit_step, without the kind's answer. A step is tried five times, with growing
-- pauses, unless the failure is final.
create function public.fail_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  failed public.job_steps := private.open_step(request);
  job public.jobs;
  -- Each pause is four times as long as the one before, with jitter: many steps wait for a provider that was
  -- down.
  pause_seconds constant double precision :=
    first_pause_seconds * 4 ^ (failed.attempts - 1) * (0.75 + random() / 2);
begin
  select * into job from public.jobs where job_id = failed.job_id;
  if failed.status <> 'running' then
    return private.describe_step(failed, true);
  end if;
  perform private.record_step_calls(job, failed, request -> 'calls');
  failed := private.end_attempt(job, failed, request ->> 'error', least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds), coalesce((request ->> 'is_final')::boolean, false));
  return private.describe_step(failed, false);
end
$$;

revoke all on function public.fail_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.fail_step(jsonb) to service_role;
