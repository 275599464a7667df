-- Gives a step back that could not be done: {job_id, step, lease_token, error, retry_after_seconds?, calls?};
-- returns what commit_step does, without what the kind answers. It is tried five times, after longer and
-- longer pauses.
create function public.fail_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  failed public.job_steps := private.open_step(request);
  job public.jobs;
  -- Four times as long each time, and not all at once: a provider that was away has many waiting.
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
    max_pause_seconds));
  return private.describe_step(failed, false);
end
$$;

revoke all on function public.fail_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.fail_step(jsonb) to service_role;
