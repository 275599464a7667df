-- Steps that read conversations take a share of their owner's plan when they are claimed.

-- Takes the share that a claimed step of a kind with a share hook has of its owner's plan; whether the step may be
-- done now. Without room in the plan it is postponed, and its owner's other work too when its turn comes. It
-- waits for nobody, because its caller serves all owners: a plan that is locked is left for the next call.
create function private.take_step_share(job public.jobs, due public.job_steps, work jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- Plans are changed, and months begin, at any time.
  postponed_for constant interval := '1 hour';
  share constant jsonb := private.call_job_hook('share', job, due, work);
begin
  perform from public.principal_plans where owner_id = job.owner_id for no key update skip locked;
  if not found and exists (select from public.principal_plans where owner_id = job.owner_id) then
    return false;
  end if;
  begin
    perform private.take_share(
      job.owner_id, job.job_id, (share ->> 'calls')::integer, (share ->> 'tokens')::bigint, 0, true);
  exception when sqlstate 'PT429' then
    update public.job_steps set run_after = clock_timestamp() + postponed_for
    where job_id = due.job_id and step = due.step;
    return false;
  end;
  return true;
end
$$;

-- The share of a step that reads the texts in its work with one call.
create function private.share_of_reading(work jsonb) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object('calls', 1, 'tokens', private.estimate_tokens(work::text) + 4000);

create function private.dossier_extraction_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

create function private.session_summary_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

create function private.realtime_summary_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

create function private.companion_memory_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

revoke all on function
  private.take_step_share(public.jobs, public.job_steps, jsonb),
  private.share_of_reading(jsonb),
  private.dossier_extraction_share(public.jobs, public.job_steps, jsonb),
  private.session_summary_share(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_share(public.jobs, public.job_steps, jsonb),
  private.companion_memory_share(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_step_share(public.jobs, public.job_steps, jsonb),
  private.share_of_reading(jsonb),
  private.dossier_extraction_share(public.jobs, public.job_steps, jsonb),
  private.session_summary_share(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_share(public.jobs, public.job_steps, jsonb),
  private.companion_memory_share(public.jobs, public.job_steps, jsonb)
to service_role;

-- A step that costs its workers is given up earlier, and its owner goes further back in the queue.

alter table public.job_steps
  add column lost_attempts integer not null default 0 check (lost_attempts >= 0);
alter table public.job_queues
  add column lost_steps integer not null default 0 check (lost_steps >= 0);

-- Counts a worker that was lost with a step of this owner's (1), or a step that was done (-1). It skips a locked
-- row.
create function private.count_lost_step(wanted_owner_id uuid, wanted_kind text, difference integer)
returns void
language plpgsql set search_path = '' as $$
declare
  max_lost_steps constant integer := 30;
begin
  perform from public.job_queues
  where owner_id = wanted_owner_id and kind = wanted_kind and (difference > 0 or lost_steps > 0)
  for update skip locked;
  if found then
    update public.job_queues set lost_steps = least(lost_steps + difference, max_lost_steps)
    where owner_id = wanted_owner_id and kind = wanted_kind;
  end if;
end
$$;

revoke all on function private.count_lost_step(uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function private.count_lost_step(uuid, text, integer) to service_role;

-- Moves the owner to the end of the queue, and corrects their row. Work that has cost workers goes behind
-- everybody who comes in the next minutes, so that it costs nobody else one; when nobody waits, it is tried. It skips locked rows: the transaction that
-- holds one is serving the same owner, or is adding work to it.
create or replace function private.mend_queue(wanted_owner_id uuid, wanted_kind text, is_served boolean)
returns void
language plpgsql set search_path = '' as $$
declare
  next_at timestamptz;
begin
  if is_served then
    update public.job_queues
    set served_at = clock_timestamp() + lost_steps * interval '1 minute'
    where owner_id = wanted_owner_id and kind in (
      select kind from public.job_queues where owner_id = wanted_owner_id
      for update skip locked);
  end if;
  perform from public.job_queues
  where owner_id = wanted_owner_id and kind = wanted_kind
  for update skip locked;
  if not found then
    return;
  end if;
  select run_after into next_at from public.job_steps
  where owner_id = wanted_owner_id and kind = wanted_kind and status in ('queued', 'running')
  order by run_after
  limit 1;
  if found then
    update public.job_queues set next_due_at = next_at
    where owner_id = wanted_owner_id and kind = wanted_kind and next_due_at <> next_at;
  else
    delete from public.job_queues where owner_id = wanted_owner_id and kind = wanted_kind;
  end if;
end
$$;

-- Claims the step that has waited longest, of the owner who has waited longest: {kinds: [...],
-- lease_seconds?, job_id?, session_id?, is_idle?}; returns {step}, which is null when there is nothing to do,
-- or {job_id, step, kind, lease_token, leased_until, attempts, steps, session_id, project_id, user_id} with
-- the kind's own members (private.<kind>_work). No other worker gets the step before the lease ends; once
-- another worker has it, the first worker's result is refused. Requests that wait for a job pass a job_id or
-- a session_id to get only its steps, and is_idle to get only a step that was never tried, of a job that no
-- worker is working on.
create or replace function public.claim_step(request jsonb) returns jsonb
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

-- Stores a step's result: {job_id, step, lease_token, result, calls?, progress?, message?, next_steps?}. The
-- kind decides what to store of the result (private.<kind>_store); calls are the model calls of the step
-- (private.write_model_calls); next_steps are payloads of steps to add at the end of the job. Returns
-- {job_id, step, status, attempts, run_after, job_status, progress, already} with the kind's answer. Calling
-- again changes nothing and returns `already` true.
create or replace function public.commit_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  done public.job_steps := private.open_step(request);
  job public.jobs;
  is_first_call constant boolean := done.status = 'running';
  stored jsonb;
begin
  select * into job from public.jobs where job_id = done.job_id;
  if not is_first_call then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', true));
    return private.describe_step(done, true)
      || coalesce(nullif(stored -> 'answer', 'null'), '{}');
  end if;
  perform private.record_step_calls(job, done, request -> 'calls');
  if private.has_job_hook(job.kind, 'store') then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', false));
  else
    stored := jsonb_build_object('result', request -> 'result');
  end if;
  update public.job_steps
  set status = 'done', result = stored -> 'result', error = null, finished_at = clock_timestamp()
  where job_id = done.job_id and step = done.step
  returning * into done;
  update public.jobs
  set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
      message = coalesce(left(request ->> 'message', 500), message),
      error = case when is_serial then null else error end
  where job_id = done.job_id;
  if jsonb_typeof(request -> 'next_steps') = 'array' and request -> 'next_steps' <> '[]' then
    perform private.add_steps(job, request -> 'next_steps', clock_timestamp());
  end if;
  if (stored ->> 'has_more')::boolean then
    perform private.add_steps(job, '[{}]', clock_timestamp());
  end if;
  perform private.advance_job(done.job_id);
  perform private.count_lost_step(done.owner_id, done.kind, -1);
  return private.describe_step(done, false) || coalesce(nullif(stored -> 'answer', 'null'), '{}');
end
$$;

-- Retries a step that has failed for good: {principal, admission?, job_id, step}. The job continues from it,
-- and keeps the results of other steps. Refused when the step has not failed, or the job was cancelled.
create or replace function public.retry_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.admit(request);
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'cancelled' then
    perform private.refuse(422, 'invalid_request', 'The job was cancelled: begin another one.');
  end if;
  if job.finished_at is not null then
    -- A newer job has taken this one's place.
    if exists (
      select from public.jobs
      where subject_id = job.subject_id and kind = job.kind and merge_key = job.merge_key
        and status in ('queued', 'running', 'paused'))
    then
      perform private.refuse(422, 'invalid_request',
        'Another job does the same already: wait for that one.');
    end if;
    perform private.check_open_jobs(
      principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  end if;
  update public.job_steps
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = 0, lost_attempts = 0, lease_token = null, leased_until = null, run_after = clock_timestamp(),
      error = null, finished_at = null
  where job_id = job.job_id and step = (request ->> 'step')::integer and status = 'failed';
  if not found then
    perform private.refuse(422, 'invalid_request',
      'This step has not failed: only what was given up is tried again.');
  end if;
  update public.jobs set error = null where job_id = job.job_id;
  if job.status <> 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

-- A job that has failed, and why.
create or replace function private.failed_job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', job.job_id,
    'kind', job.kind,
    'user_id', job.owner_id,
    'created_at', private.iso(job.created_at),
    'finished_at', private.iso(job.finished_at),
    'attempts', tried.attempts,
    'lost_attempts', tried.lost_attempts,
    'failures', private.step_failures(job.job_id))
  from (
    select coalesce(sum(attempts), 0) as attempts, coalesce(sum(lost_attempts), 0) as lost_attempts
    from public.job_steps where job_id = job.job_id
  ) tried);

