-- Gives a step back that could not be done: {task_id, lease_token, error, retry_after_seconds?}; returns
-- what commit_import_step does, without dossier. It is tried five times, after longer and longer pauses;
-- then the import goes on without it.
create function public.fail_import_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_attempts constant integer := 5;
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  part public.dossier_import_steps := private.open_import_step(request);
  pause_seconds double precision :=
    first_pause_seconds * 4 ^ (part.attempts - 1) * (0.75 + random() / 2);
begin
  if part.status <> 'running' then
    return private.describe_import_step(part, true);
  end if;
  pause_seconds := least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds);
  update public.dossier_import_steps
  set status = case when attempts >= max_attempts then 'failed' else 'queued' end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      error = left(request ->> 'error', 1000)
  where task_id = part.task_id and step = part.step
  returning * into part;
  perform private.settle_import(part.task_id);
  return private.describe_import_step(part, false);
end
$$;

revoke all on function public.fail_import_step(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.fail_import_step(jsonb) to service_role;
