-- How many rows are due in each part of the cleaner, and how many files are to be deleted; counts stop at
-- 10,000.
create function private.cleaning_backlog() returns table (part text, due bigint)
language sql stable set search_path = '' as $$
  select counted.part, counted.due from (values
    ('deleted_sessions', (select count(*) from (
      select from public.sessions
      where not is_active and updated_at < clock_timestamp() - interval '30 days' limit 10000) due)),
    ('erasures', (select count(*) from (
      select from public.principals where deleted_at is not null limit 10000) due)),
    ('expired_guests', (select count(*) from (
      select from public.principals
      where kind = 'guest' and expires_at <= clock_timestamp() and deleted_at is null limit 10000) due)),
    ('full_counters', (select count(*) from (
      select from public.admission_counters where full_at < clock_timestamp() limit 10000) due)),
    ('files', (select count(*) from (
      select from public.deleted_snapshots where try_after <= clock_timestamp()
      union all
      select from public.deleted_illustrations where try_after <= clock_timestamp()
      limit 10000) due)),
    ('finished_jobs', (select count(*) from (
      select from public.jobs
      where finished_at < clock_timestamp() - interval '1 day'
        and finished_at + kept_for < clock_timestamp() limit 10000) due)),
    ('idempotency_keys', (select count(*) from (
      select from public.idempotency_keys
      where created_at < clock_timestamp() - interval '1 day' limit 10000) due)),
    ('model_calls', (select count(*) from (
      select from public.model_calls
      where created_at < clock_timestamp() - interval '400 days' limit 10000) due)),
    ('plan_shares', (select count(*) from (
      select from public.plan_shares
      where month < current_date - interval '400 days' and settled_at is not null limit 10000) due))
  ) as counted (part, due);
$$;

revoke all on function private.cleaning_backlog() from public, anon, authenticated, service_role;
grant execute on function private.cleaning_backlog() to service_role;
