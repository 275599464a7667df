-- Takes the task that has waited longest: {kinds: [...], lease_seconds}; returns {task}, which is
-- null when there is nothing to do, or {task_id, kind, lease_token, leased_until, attempts,
-- session_id, user_id} with what the kind needs (private.summary_work, private.extraction_work). Until the
-- lease has ended nobody else is given it; then it was in vain, whatever the worker still does.
create function public.claim_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how long one call looks: of tasks that turn out to be none.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  task public.background_tasks;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of tasks.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    if wanted_session_id is null then
      select * into task from public.background_tasks
      where status in ('queued', 'running') and run_after <= clock_timestamp()
        and kind = any (wanted_kinds)
      order by run_after
      limit 1
      for update skip locked;
    else
      select * into task from public.background_tasks
      where session_id = wanted_session_id and kind = any (wanted_kinds)
        and status in ('queued', 'running') and run_after <= clock_timestamp()
      limit 1
      for update skip locked;
    end if;
    exit when not found;
    if task.attempts >= max_attempts then
      update public.background_tasks
      set status = 'failed', error = coalesce(error, 'Its workers have died.'),
          finished_at = clock_timestamp()
      where task_id = task.task_id;
      continue;
    end if;
    work := case task.kind
      when 'session_summary' then private.summary_work(task)
      when 'dossier_extraction' then private.extraction_work(task)
    end;
    if work is null then
      update public.background_tasks
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where task_id = task.task_id;
      continue;
    end if;

    update public.background_tasks
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease,
        payload = payload || case kind
          when 'session_summary' then
            jsonb_build_object('next_message_id', work -> 'until_message_id')
          else jsonb_build_object('spans', (
            select jsonb_agg(message.value - array['role', 'text', 'created_at'])
            from jsonb_array_elements(work -> 'messages') message))
        end
    where task_id = task.task_id
    returning * into task;
    return jsonb_build_object('task', jsonb_build_object(
      'task_id', task.task_id,
      'kind', task.kind,
      'lease_token', task.lease_token,
      'leased_until', private.iso(task.leased_until),
      'attempts', task.attempts,
      'session_id', task.session_id,
      'user_id', task.owner_id) || work);
  end loop;
  return '{"task": null}';
end
$$;

revoke all on function public.claim_task(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.claim_task(jsonb) to service_role;
