-- Returns the unused reservation of a job's share, if the job has one. Calls that are reported later count
-- nevertheless (write_job_calls.sql).
create function private.settle_share(job_id uuid) returns void
language sql set search_path = '' as $$
  update public.plan_shares share set settled_at = clock_timestamp()
  where share.job_id = settle_share.job_id and share.settled_at is null;
$$;

-- Settles the share of a job that ends, in any way.
create function private.settle_ended_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.settle_share(old.job_id);
  return null;
end
$$;

revoke all on function
  private.settle_share(uuid),
  private.settle_ended_job()
from public, anon, authenticated, service_role;
grant execute on function private.settle_share(uuid) to service_role;

create trigger settle_share_of_ended after update on public.jobs
  for each row when (old.finished_at is null and new.finished_at is not null)
  execute function private.settle_ended_job();
create trigger settle_share_of_deleted after delete on public.jobs
  for each row when (old.finished_at is null)
  execute function private.settle_ended_job();
