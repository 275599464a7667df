-- Indexes find what is due; they cannot be searched for the volatile clock_timestamp(). Like the schema files.

create or replace function public.has_due_step(request jsonb) returns jsonb
language sql stable set lock_timeout = '2s'
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.now())
  or exists (
    select from public.deleted_snapshots where try_after <= pg_catalog.now())
  or exists (
    select from public.deleted_illustrations where try_after <= pg_catalog.now()));

create or replace function public.delete_expired_guests(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds locks; a call an hour removes 12,000 a day.
  default_limit constant integer := 500;
  max_limit constant integer := 10000;
  -- More rows of one guest than this are erased in batches.
  max_rows constant integer := 1000;
  silence_limit constant interval := '60 seconds';
  -- An anonymous user's principal has no expiry of its own.
  moved_user_lifetime constant interval := '30 days';
  moment constant timestamptz := clock_timestamp();
  accounts_kept_from constant timestamptz := moment - private.retention_of('deleted_accounts');
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= moment and deleted_at is null
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > moment - silence_limit)
    order by expires_at
    limit guests_left
    for no key update skip locked
  loop
    if private.owns_at_most(guest_id, max_rows) then
      perform private.lock_belongings(guest_id);
      delete from public.principals where id = guest_id;
    else
      perform private.mark_deleted(guest_id);
    end if;
    deleted := deleted + 1;
  end loop;

  delete from public.principals
  where id = any (array(
    select id from public.principals
    where migrated_to is not null and kind = 'user'
      and last_seen_at < moment - moved_user_lifetime
    limit max_limit));
  delete from public.deleted_accounts
  where identity_hash = any (array(
    select identity_hash from public.deleted_accounts
    where deleted_at < accounts_kept_from and erased_at is not null
    limit max_limit));
  return jsonb_build_object('deleted', deleted);
end
$$;
