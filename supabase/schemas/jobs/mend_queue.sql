-- Moves the owner to the end of the queue, and corrects their row. It skips locked rows: the transaction that
-- holds one is serving the same owner, or is adding work to it.
create function private.mend_queue(wanted_owner_id uuid, wanted_kind text, is_served boolean)
returns void
language plpgsql set search_path = '' as $$
declare
  next_at timestamptz;
begin
  if is_served then
    update public.job_queues set served_at = clock_timestamp()
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

revoke all on function private.mend_queue(uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function private.mend_queue(uuid, text, boolean) to service_role;
