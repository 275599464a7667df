-- The task, locked with its session, if this lease was the last one of it; refused otherwise.
create function private.open_task(request jsonb) returns public.background_tasks
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'task_id');
  lease uuid := private.read_id(request, 'lease_token');
  task public.background_tasks;
begin
  perform from public.sessions
  where session_id = (select session_id from public.background_tasks where task_id = wanted_id)
  for no key update;
  select * into task from public.background_tasks where task_id = wanted_id for update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such task, or its conversation is gone: drop what was done.');
  end if;
  if (task.lease_token = lease) is not true then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this task, or it begins anew: drop what was done.');
  end if;
  return task;
end
$$;

-- What callers are told of a task that they have ended.
create function private.describe_task(task public.background_tasks, already boolean)
returns jsonb
language sql stable
return jsonb_build_object(
  'task_id', task.task_id,
  'status', task.status,
  'attempts', task.attempts,
  'run_after', case when task.status = 'queued' then private.iso(task.run_after) end,
  'already', already);

revoke all on function
  private.open_task(jsonb),
  private.describe_task(public.background_tasks, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_task(jsonb),
  private.describe_task(public.background_tasks, boolean)
to service_role;
