-- How many rows are due in each part of the cleaner, and how many files are to be deleted; counts stop at
-- 10,000. The times are now(): an index cannot find rows by the volatile clock_timestamp().
create function private.cleaning_backlog() returns table (part text, due bigint)
language sql stable set search_path = '' as $$
  select counted.part, counted.due from (values
    ('deleted_sessions', (select count(*) from (
      select from public.sessions
      where not is_active and updated_at < now() - private.retention_of('deleted_sessions')
      limit 10000) due)),
    ('erasures', (select count(*) from (
      select from public.principals where deleted_at is not null limit 10000) due)),
    ('expired_guests', (select count(*) from (
      select from public.principals
      where kind = 'guest' and expires_at <= now() and deleted_at is null limit 10000) due)),
    ('full_counters', (select count(*) from (
      select from public.admission_counters where full_at < now() limit 10000) due)),
    ('files', (select count(*) from (
      select from public.deleted_snapshots where try_after <= now()
      union all
      select from public.deleted_illustrations where try_after <= now()
      limit 10000) due)),
    ('finished_jobs', (select count(*) from (
      select from public.jobs
      where finished_at < now() - interval '1 day' and finished_at + kept_for < now() limit 10000) due)),
    ('idempotency_keys', (select count(*) from (
      select from public.idempotency_keys
      where created_at < now() - private.retention_of('idempotency_keys') limit 10000) due)),
    ('model_calls', (select count(*) from (
      select from public.model_calls
      where created_at < now() - private.retention_of('model_calls') limit 10000) due)),
    ('plan_shares', (select count(*) from (
      select from public.plan_shares
      where month < now() - private.retention_of('plan_shares') and settled_at is not null
      limit 10000) due))
  ) as counted (part, due);
$$;

revoke all on function private.cleaning_backlog() from public, anon, authenticated, service_role;
grant execute on function private.cleaning_backlog() to service_role;
