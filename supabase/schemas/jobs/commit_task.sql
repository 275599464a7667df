-- Stores what a task was for: {task_id, lease_token, result}; of the result whatever is not the work's
-- own is kept with the task, such as model and usage. The work's own is, of a session_summary, {summary};
-- of a dossier_extraction {base, assertions, snapshot, facts}, as commit_assertions takes them. Returns
-- {task_id, status, attempts, run_after, already}, of a dossier_extraction also `dossier`, what
-- commit_assertions returns: when its tail is not null, fold it and call that. A status of queued means
-- that there is more to do of it. Calling again changes nothing and says `already`.
create function public.commit_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  task public.background_tasks := private.open_task(request);
  outcome constant jsonb := request -> 'result';
  project_of_session uuid;
  dossier jsonb;
  has_more boolean;
begin
  if task.kind = 'dossier_extraction' then
    select project_id into project_of_session
    from public.sessions where session_id = task.session_id;
  end if;
  if task.status <> 'running' then
    return private.describe_task(task, true) || case
      when task.kind = 'dossier_extraction' then jsonb_build_object(
        'dossier', (
          select jsonb_build_object(
            'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
            'tail', private.read_log(project_id, coalesce(
              private.read_position(outcome, 'base'), head)))
          from public.dossiers where project_id = project_of_session))
      else '{}'
    end;
  end if;
  if task.kind = 'session_summary' then
    has_more := private.store_summary(task, outcome);
  else
    dossier := private.add_assertions(project_of_session, outcome, null);
    has_more := private.store_extraction(task);
  end if;

  update public.background_tasks
  set status = case when has_more then 'queued' else 'done' end,
      attempts = case when has_more then 0 else attempts end,
      run_after = clock_timestamp(),
      finished_at = case when has_more then null else clock_timestamp() end,
      result = outcome - array['summary', 'base', 'assertions', 'snapshot', 'facts'],
      error = null
  where task_id = task.task_id
  returning * into task;
  return private.describe_task(task, false)
    || case when dossier is null then '{}' else jsonb_build_object('dossier', dossier) end;
end
$$;

revoke all on function public.commit_task(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.commit_task(jsonb) to service_role;
