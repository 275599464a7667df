-- How long the cleaner keeps rows is a setting for each of its parts. Like the schema files.

-- How long the cleaner keeps rows, by its parts. An operator changes a period by SQL:
--   update public.retention_periods set kept = '90 days' where part = 'model_calls';
-- FABULA_DELETED_DAYS is the period of deleted_sessions: each run of /tasks/run writes it here, so that
-- pg_cron follows it too.
create table public.retention_periods (
  part text primary key,
  kept interval not null check (kept >= interval '0')
);

comment on table public.retention_periods is 'How long the cleaner keeps rows. Not readable over REST.';

alter table public.retention_periods enable row level security;

insert into public.retention_periods (part, kept) values
  ('deleted_sessions', '30 days'),
  -- Deleted accounts and their identities: the longest that a token of Supabase Auth can be valid.
  ('deleted_accounts', '7 days'),
  ('model_calls', '400 days'),
  ('plan_shares', '400 days'),
  ('deployment_usage', '400 days'),
  -- The longest that a call to the database can be on its way.
  ('withdrawn_calls', '1 day');

-- The period of a part; a part without a row keeps its rows for ever.
create function private.retention_of(wanted_part text) returns interval
language sql stable parallel safe set search_path = '' as $$
  select coalesce((select kept from public.retention_periods where part = wanted_part), interval '1000 years');
$$;

-- Writes the days for which a deployment keeps deleted sessions.
create function private.keep_deleted_sessions(days numeric) returns void
language plpgsql set search_path = '' as $$
declare
  wanted constant interval := make_interval(secs => (greatest(days, 0) * 86400)::double precision);
begin
  update public.retention_periods set kept = wanted
  where part = 'deleted_sessions' and kept <> wanted;
end
$$;

revoke all on function
  private.retention_of(text),
  private.keep_deleted_sessions(numeric)
from public, anon, authenticated, service_role;
grant execute on function
  private.retention_of(text),
  private.keep_deleted_sessions(numeric)
to service_role;

drop function private.clean_part(text, jsonb, integer);

-- Cleans one part, and returns the number of its rows; 0: nothing is due.
create function private.clean_part(part text, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  kept_from constant timestamptz := clock_timestamp() - private.retention_of(part);
  cleaned integer;
begin
  case part
    when 'deleted_sessions' then
      cleaned := private.erase_deleted_sessions(kept_from, row_limit);
    when 'erasures' then
      cleaned := private.erase_next(row_limit)::integer;
    when 'removed_users' then
      cleaned := private.mark_removed_users(row_limit);
    when 'expired_guests' then
      -- Each may have as many rows as one batch.
      cleaned := (public.delete_expired_guests(jsonb_build_object(
        'limit', greatest(row_limit / 100, 1))) ->> 'deleted')::integer;
    when 'finished_jobs' then
      cleaned := (public.delete_finished_jobs(jsonb_build_object('limit', row_limit))
        ->> 'deleted')::integer;
    when 'model_calls' then
      cleaned := (public.delete_old_model_calls(jsonb_build_object('limit', row_limit))
        ->> 'deleted')::integer;
    when 'plan_shares' then
      delete from public.plan_shares
      where ctid = any (array(
        select ctid from public.plan_shares
        where month < kept_from and settled_at is not null
        order by month
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
    when 'full_counters' then
      cleaned := private.delete_full_counters(row_limit);
    when 'deployment_usage' then
      delete from public.deployment_usage where day < kept_from;
      get diagnostics cleaned = row_count;
    when 'withdrawn_calls' then
      delete from public.withdrawn_calls
      where ctid = any (array(
        select ctid from public.withdrawn_calls
        where created_at < kept_from
        limit row_limit));
      get diagnostics cleaned = row_count;
  end case;
  return cleaned;
end
$$;

revoke all on function private.clean_part(text, integer) from public, anon, authenticated, service_role;
grant execute on function private.clean_part(text, integer) to service_role;

create or replace function private.clean(limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_rows constant integer := 1000;
  max_rows constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((limits ->> 'rows')::integer, default_rows), 1), max_rows);
  parts constant text[] := array['deleted_sessions', 'erasures', 'removed_users', 'expired_guests',
    'finished_jobs', 'model_calls', 'plan_shares', 'withdrawn_calls', 'full_counters', 'deployment_usage'];
  wanted_part text;
  cleaned integer;
begin
  if limits ->> 'deleted_days' is not null then
    perform private.keep_deleted_sessions((limits ->> 'deleted_days')::numeric);
  end if;
  for wanted_part in select name from unnest(parts) as named (name) order by random() loop
    begin
      cleaned := private.clean_part(wanted_part, row_limit);
    exception when lock_not_available then
      -- Somebody works on these rows: their turn comes in a later call.
      cleaned := 0;
    end;
    if cleaned > 0 then
      return jsonb_build_object('left', true, 'part', wanted_part, 'rows', cleaned);
    end if;
  end loop;
  return '{"left": false}';
end
$$;

create or replace function private.cleaning_backlog() returns table (part text, due bigint)
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
    ('model_calls', (select count(*) from (
      select from public.model_calls
      where created_at < now() - private.retention_of('model_calls') limit 10000) due)),
    ('plan_shares', (select count(*) from (
      select from public.plan_shares
      where month < now() - private.retention_of('plan_shares') and settled_at is not null
      limit 10000) due))
  ) as counted (part, due);
$$;

create or replace function public.delete_old_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  kept_from constant timestamptz := clock_timestamp() - private.retention_of('model_calls');
  default_limit constant integer := 10000;
  max_limit constant integer := 100000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  delete from public.model_calls
  where model_call_id in (
    select model_call_id from public.model_calls
    where created_at < kept_from
    order by created_at
    limit row_limit);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

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
  accounts_kept_from constant timestamptz := clock_timestamp() - private.retention_of('deleted_accounts');
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= clock_timestamp() and deleted_at is null
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > clock_timestamp() - silence_limit)
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
      and last_seen_at < clock_timestamp() - moved_user_lifetime
    limit max_limit));
  delete from public.deleted_accounts
  where identity_hash = any (array(
    select identity_hash from public.deleted_accounts
    where deleted_at < accounts_kept_from
    limit max_limit));
  return jsonb_build_object('deleted', deleted);
end
$$;

create or replace function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', 'retention_periods: 7 days, the longest life of a token'),
    ('model_calls', 'model_calls', 'retention_periods: 400 days; nobody''s when the account is deleted'),
    ('plan_shares', 'plan_shares', 'retention_periods: 400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', 'retention_periods: 1 day'),
    ('admission_counters', 'full_counters', 'until the whole allowance is there again'),
    ('deployment_usage', 'deployment_usage', 'retention_periods: 400 days'),
    ('job_queues', null, 'one row for each owner and kind of open work; goes with the owner'),
    ('deleted_snapshots', null, 'until the tasks have deleted the file'),
    ('deleted_illustrations', null, 'until the tasks have deleted the file'),
    ('turn_ends', null, 'until they are counted, an hour at most'),
    ('model_call_changes', null, 'until they are counted, an hour at most'),
    ('turn_totals', null, 'at most 200 models'),
    ('duration_totals', null, 'a row for each kind and bucket'),
    ('model_call_totals', null, 'at most 200 models'),
    ('metrics_cache', null, 'one row'),
    ('cleaning_state', null, 'one row'),
    ('retention_periods', null, 'a row for each part of the cleaner that has a period'),
    ('plans', null, 'the operator''s')
  ) as kept (table_name, part, rule);
end;

select private.align_grants_with_policies();
