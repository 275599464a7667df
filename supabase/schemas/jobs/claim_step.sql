-- Claims the step that has waited longest, of the owner who has waited longest: {kinds: [...],
-- lease_seconds?, job_id?, session_id?, is_idle?}; returns {step}, which is null when there is nothing to do,
-- or {job_id, step, kind, lease_token, leased_until, attempts, steps, session_id, project_id, user_id} with
-- the kind's own members (private.<kind>_work). No other worker gets the step before the lease ends; once
-- another worker has it, the first worker's result is refused. Requests that wait for a job pass a job_id or
-- a session_id to get only its steps, and is_idle to get only a step that was never tried, of a job that no
-- worker is working on.
create function public.claim_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Fewer, because each has cost a worker, and with it other work.
  max_lost_attempts constant integer := 3;
  -- Bounds how many jobs one call tries: a step may need no work, or its row may be locked.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  held_ids uuid[] := '{}';
  due_id uuid;
  job public.jobs;
  due public.job_steps;
  lost_count integer;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of jobs.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    due_id := private.next_due_job(
      wanted_kinds, private.read_id(request, 'job_id'), private.read_id(request, 'session_id'),
      held_ids);
    exit when due_id is null;
    select * into job from public.jobs where job_id = due_id for no key update skip locked;
    if found then
      select * into due from public.job_steps
      where job_id = due_id and status in ('queued', 'running') and run_after <= clock_timestamp()
      order by step
      limit 1
      for update skip locked;
    end if;
    if not found or (request ->> 'is_idle')::boolean and (due.attempts > 0 or exists (
      select from public.job_steps
      where job_id = due_id and status = 'running' and leased_until > clock_timestamp()))
    then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if due.status = 'running' then
      perform private.record_lost_call(job, due);
    end if;
    lost_count := due.lost_attempts + (due.status = 'running')::integer;
    if due.attempts >= max_attempts or lost_count >= max_lost_attempts then
      -- Its kind may write what the session's lock protects. That lock comes before the job's, so this call
      -- does not wait for it.
      perform from public.sessions
      where session_id = job.session_id
      for no key update skip locked;
      if job.session_id is not null and not found then
        held_ids := held_ids || due_id;
        continue;
      end if;
      update public.job_steps set lost_attempts = lost_count
      where job_id = due_id and step = due.step;
      if due.status = 'running' then
        perform private.count_lost_step(due.owner_id, due.kind, 1);
      end if;
      perform private.end_attempt(
        job, due, coalesce(due.error, 'Its workers have died.'), 0, true);
      perform private.mend_queue(due.owner_id, due.kind, true);
      continue;
    end if;
    if private.has_job_hook(job.kind, 'work') then
      work := private.call_job_hook('work', job, due);
    else
      work := jsonb_build_object('payload', due.payload);
    end if;
    if work is null then
      -- Unless the hook has put it off.
      update public.job_steps
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where job_id = due_id and step = due.step and status in ('queued', 'running')
        and run_after = due.run_after;
      perform private.advance_job(due_id);
      continue;
    end if;
    if private.has_job_hook(job.kind, 'share') and not private.take_step_share(job, due, work) then
      held_ids := held_ids || due_id;
      continue;
    end if;

    if due.status = 'running' then
      perform private.count_lost_step(due.owner_id, due.kind, 1);
    end if;
    update public.job_steps
    set status = 'running', attempts = attempts + 1, lost_attempts = lost_count, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease
    where job_id = due_id and step = due.step
    returning * into due;
    update public.jobs set status = 'running' where job_id = due_id and status = 'queued';
    perform private.mend_queue(due.owner_id, due.kind, true);
    return jsonb_build_object('step', jsonb_build_object(
      'job_id', due.job_id,
      'step', due.step,
      'kind', due.kind,
      'lease_token', due.lease_token,
      'leased_until', private.iso(due.leased_until),
      'attempts', due.attempts,
      'steps', case when job.reports_progress then due.step
        else (select count(*) from public.job_steps where job_id = due_id) end,
      'session_id', job.session_id,
      'project_id', job.project_id,
      'user_id', due.owner_id) || work);
  end loop;
  return '{"step": null}';
end
$$;

revoke all on function public.claim_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.claim_step(jsonb) to service_role;
