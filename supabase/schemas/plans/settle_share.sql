-- Returns the unused reservation of the share of a job or a turn, if it has one. Calls that are reported later
-- count nevertheless (write_job_calls.sql).
create function private.settle_share(source_id uuid) returns void
language sql set search_path = '' as $$
  update public.plan_shares share set settled_at = clock_timestamp()
  where share.source_id = settle_share.source_id and share.settled_at is null;
$$;

-- Settles the share of a job that ends, in any way.
create function private.settle_ended_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.settle_share(old.job_id);
  return null;
end
$$;

-- Settles the share of a turn that is deleted while it runs: it was withdrawn, or its session is gone.
create function private.settle_deleted_turn() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.settle_share(old.generation_id);
  return null;
end
$$;

revoke all on function
  private.settle_share(uuid),
  private.settle_ended_job(),
  private.settle_deleted_turn()
from public, anon, authenticated, service_role;
grant execute on function private.settle_share(uuid) to service_role;

create trigger settle_share_of_ended after update on public.jobs
  for each row when (old.finished_at is null and new.finished_at is not null)
  execute function private.settle_ended_job();
create trigger settle_share_of_deleted after delete on public.jobs
  for each row when (old.finished_at is null)
  execute function private.settle_ended_job();
create trigger settle_share_of_deleted after delete on public.generations
  for each row when (old.status = 'streaming')
  execute function private.settle_deleted_turn();
