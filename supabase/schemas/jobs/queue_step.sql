-- Updates the owner's queue when a step becomes claimable, is due earlier, or moves to another owner.
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

revoke all on function private.queue_step() from public, anon, authenticated, service_role;

create trigger queue_new_step after insert on public.job_steps
  for each row when (new.status in ('queued', 'running')) execute function private.queue_step();

create trigger queue_step after update of status, run_after, owner_id on public.job_steps
  for each row when (
    new.status in ('queued', 'running') and (
      old.status not in ('queued', 'running') or new.run_after < old.run_after
      or new.owner_id <> old.owner_id))
  execute function private.queue_step();
