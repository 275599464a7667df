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

-- Moves the owner to the end of the queue, and corrects their row. Work that has cost workers goes behind
-- everybody who comes in the next minutes, so that it costs nobody else one; when nobody waits, it is tried. It skips locked rows: the transaction that
-- holds one is serving the same owner, or is adding work to it.
create function private.mend_queue(wanted_owner_id uuid, wanted_kind text, is_served boolean)
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

revoke all on function
  private.count_lost_step(uuid, text, integer),
  private.mend_queue(uuid, text, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.count_lost_step(uuid, text, integer),
  private.mend_queue(uuid, text, boolean)
to service_role;
