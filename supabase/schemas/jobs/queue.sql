-- Whose turn it is (public.job_queues).

-- A step can be claimed from now on, or earlier than before, or is another's now.
create function private.queue_step() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.job_queues as queue (owner_id, kind, served_at, next_due_at)
  values (new.owner_id, new.kind, clock_timestamp(), new.run_after)
  on conflict (owner_id, kind) do update
  set next_due_at = least(queue.next_due_at, excluded.next_due_at);
  return null;
end
$$;

create trigger queue_new_step after insert on public.job_steps
  for each row when (new.status in ('queued', 'running')) execute function private.queue_step();

create trigger queue_step after update of status, run_after, owner_id on public.job_steps
  for each row when (
    new.status in ('queued', 'running') and (
      old.status not in ('queued', 'running') or new.run_after < old.run_after
      or new.owner_id <> old.owner_id))
  execute function private.queue_step();

-- Puts the owner at the end of the line, and their row right. It waits for nobody: who holds a row is
-- serving the same owner, or adds work to it.
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
