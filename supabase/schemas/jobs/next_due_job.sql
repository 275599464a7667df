-- The job with the longest waiting step, of the kind and owner that have waited longest. With a job_id or a
-- session_id, only such a job. Null when nothing is due.
create function private.next_due_job(
  kinds text[], wanted_job_id uuid, wanted_session_id uuid, held_ids uuid[]
) returns uuid
language plpgsql set search_path = '' as $$
declare
  -- Bounds how many owners one call tries whose steps cannot be claimed.
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

revoke all on function private.next_due_job(text[], uuid, uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function private.next_due_job(text[], uuid, uuid, uuid[]) to service_role;
