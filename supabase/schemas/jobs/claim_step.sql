-- Steps are claimed by lease, so that a job survives whoever worked on it, and nothing is done twice.
-- Claiming takes a job and a step of it, and waits for nobody.

-- Gives a step up for now, or for good. The job is locked; returns the step.
create function private.end_attempt(
  job public.jobs, failed public.job_steps, reason text, pause_seconds double precision
) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 5;
  is_last constant boolean := failed.attempts >= max_attempts;
begin
  update public.job_steps
  set status = case
        when is_last then 'failed'
        when job.status = 'paused' then 'waiting'
        else 'queued'
      end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      finished_at = case when is_last then clock_timestamp() end,
      error = left(reason, 1000)
  where job_id = failed.job_id and step = failed.step
  returning * into failed;
  if is_last then
    update public.jobs set error = failed.error where job_id = job.job_id;
    job := private.advance_job(job.job_id);
    if job.status = 'failed' then
      perform private.call_job_hook('fail', job, failed);
    end if;
  end if;
  return failed;
end
$$;

-- The job whose turn it is: of the kind and owner who have waited longest, the one that has. With a job_id
-- or a session_id only such a one. Null when nothing is due.
create function private.next_due_job(
  kinds text[], wanted_job_id uuid, wanted_session_id uuid, held_ids uuid[]
) returns uuid
language plpgsql set search_path = '' as $$
declare
  -- Bounds how long one call looks: at owners of whom nothing can be claimed.
  max_looks constant integer := 50;
  asked_at constant timestamptz := clock_timestamp();
  passed_over text[] := '{}';
  turn record;
  due_id uuid;
begin
  if wanted_job_id is not null or wanted_session_id is not null then
    select step.job_id into due_id
    from public.jobs job
    join public.job_steps step on step.job_id = job.job_id
    where (job.job_id = wanted_job_id
        or wanted_job_id is null and job.session_id = wanted_session_id)
      and job.kind = any (kinds) and job.job_id <> all (held_ids)
      and step.status in ('queued', 'running') and step.run_after <= asked_at
    order by step.run_after
    limit 1;
    return due_id;
  end if;
  for look in 1..max_looks loop
    select first.owner_id, wanted.kind into turn
    from unnest(kinds) with ordinality as wanted (kind, place)
    cross join lateral (
      select queue.owner_id, queue.served_at from public.job_queues queue
      where queue.kind = wanted.kind and queue.next_due_at <= asked_at
        and queue.owner_id || wanted.kind <> all (passed_over)
      order by queue.served_at, queue.next_due_at
      limit 1
    ) first
    order by first.served_at, wanted.place
    limit 1;
    if not found then
      return null;
    end if;
    select step.job_id into due_id
    from public.job_steps step
    where step.owner_id = turn.owner_id and step.kind = turn.kind
      and step.status in ('queued', 'running') and step.run_after <= asked_at
      and step.job_id <> all (held_ids)
    order by step.run_after, step.job_id, step.step
    limit 1;
    if found then
      return due_id;
    end if;
    passed_over := passed_over || (turn.owner_id || turn.kind);
    if held_ids = '{}' then
      perform private.mend_queue(turn.owner_id, turn.kind, false);
    end if;
  end loop;
  return null;
end
$$;

-- Takes the step that has waited longest, of the owner who has waited longest: {kinds: [...], lease_seconds?,
-- job_id?, session_id?, is_idle?}; returns {step}, which is null when there is nothing to do, or {job_id, step,
-- kind, lease_token, leased_until, attempts, steps, session_id, project_id, user_id} with what the kind
-- needs (private.<kind>_work). Until the lease has ended nobody else is given it; then it was in vain,
-- whatever the worker still does. With a job_id or a session_id it is a step of that, with is_idle one of a job
-- that nobody works on: for who waits for it.
create function public.claim_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how long one call looks: of steps that turn out to be none, or that somebody holds.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  held_ids uuid[] := '{}';
  due_id uuid;
  job public.jobs;
  due public.job_steps;
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
    if not found or (request ->> 'is_idle')::boolean and exists (
      select from public.job_steps
      where job_id = due_id and status = 'running' and leased_until > clock_timestamp())
    then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if due.status = 'running' then
      perform private.record_lost_call(job, due);
    end if;
    if due.attempts >= max_attempts then
      perform private.end_attempt(
        job, due, coalesce(due.error, 'Its workers have died.'), 0);
      continue;
    end if;
    if private.has_job_hook(job.kind, 'work') then
      work := private.call_job_hook('work', job, due);
    else
      work := jsonb_build_object('payload', due.payload);
    end if;
    if work is null then
      update public.job_steps
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where job_id = due_id and step = due.step and status in ('queued', 'running');
      perform private.advance_job(due_id);
      continue;
    end if;

    update public.job_steps
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
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
      'steps', (select count(*) from public.job_steps where job_id = due_id),
      'session_id', job.session_id,
      'project_id', job.project_id,
      'user_id', due.owner_id) || work);
  end loop;
  return '{"step": null}';
end
$$;

-- Whether a step could be claimed now; returns {due}. For who would otherwise call for nothing.
create function public.has_due_step(request jsonb) returns jsonb
language sql stable
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp()));
