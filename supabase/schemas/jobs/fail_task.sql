-- Gives a task back that could not be done: {task_id, lease_token, error, retry_after_seconds?};
-- returns what commit_task does. It is tried five times, after longer and longer pauses.
create function public.fail_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_attempts constant integer := 5;
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  task public.background_tasks := private.open_task(request);
  is_last constant boolean := task.attempts >= max_attempts;
  -- Four times as long each time, and not all at once: a provider that was away has many waiting.
  pause_seconds double precision :=
    first_pause_seconds * 4 ^ (task.attempts - 1) * (0.75 + random() / 2);
begin
  if task.status <> 'running' then
    return private.describe_task(task, true);
  end if;
  pause_seconds := least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds);
  update public.background_tasks
  set status = case when is_last then 'failed' else 'queued' end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      finished_at = case when is_last then clock_timestamp() end,
      error = left(request ->> 'error', 1000)
  where task_id = task.task_id
  returning * into task;
  return private.describe_task(task, false);
end
$$;

revoke all on function public.fail_task(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.fail_task(jsonb) to service_role;
