-- The cleaner: deletes what is due, in batches. pg_cron and background work call it, without a principal,
-- until nothing is left. Its parts and retentions are in private.retentions, their periods in
-- public.retention_periods, its backlog in
-- private.cleaning_backlog.

-- Deletes at most row_limit rows of the oldest sessions that were deleted before this time, and returns their
-- number.
create function private.erase_deleted_sessions(deleted_before timestamptz, row_limit integer)
returns integer
language plpgsql set search_path = '' as $$
declare
  max_sessions constant integer := 20;
begin
  return private.erase_sessions(array(
    select session_id from public.sessions
    where session_id = any (array(
        select session_id from public.sessions
        where not is_active and updated_at < deleted_before
        order by updated_at
        limit max_sessions))
      and not is_active
    order by session_id
    for no key update skip locked), row_limit);
end
$$;

-- Cleans one part, and returns the number of its rows; 0: nothing is due.
create function private.clean_part(part text, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  kept_from constant timestamptz := clock_timestamp() - private.retention_of(part);
  -- Each may have many messages.
  max_sessions_to_count constant integer := 20;
  cleaned integer;
begin
  case part
    when 'deleted_sessions' then
      cleaned := private.erase_deleted_sessions(kept_from, row_limit);
    when 'deleted_session_bytes' then
      cleaned := private.uncount_deleted_sessions(max_sessions_to_count);
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
    when 'idempotency_keys' then
      delete from public.idempotency_keys
      where ctid = any (array(
        select ctid from public.idempotency_keys
        where created_at < kept_from
        order by created_at
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
  end case;
  return cleaned;
end
$$;

-- Cleans one batch of one part: {rows?, at most 10,000, and deleted_days?: how long deleted sessions are
-- kept from now on}. Returns {left, part?, rows?}; with `left` another call is due. Each call has one part,
-- because parts lock rows in different orders, and begins with any part, so that none waits for all others.
create function private.clean(limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_rows constant integer := 1000;
  max_rows constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((limits ->> 'rows')::integer, default_rows), 1), max_rows);
  parts constant text[] := array['deleted_sessions', 'deleted_session_bytes', 'erasures', 'removed_users',
    'expired_guests', 'finished_jobs', 'model_calls', 'plan_shares', 'withdrawn_calls', 'full_counters',
    'deployment_usage', 'idempotency_keys'];
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

-- The same for callers over REST.
create function public.clean(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  return private.clean(request);
end
$$;

revoke all on function
  private.erase_deleted_sessions(timestamptz, integer),
  private.clean_part(text, integer),
  private.clean(jsonb),
  public.clean(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.erase_deleted_sessions(timestamptz, integer),
  private.clean_part(text, integer),
  private.clean(jsonb),
  public.clean(jsonb)
to service_role;

-- Runs every minute if the database has pg_cron; the development server uses a timer instead. Each batch is a
-- transaction. Between two batches there is a pause, twice as long as a batch has taken: most turns of others
-- find the database without the cleaner.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-clean', '* * * * *', $job$
      do $batches$
      declare
        ends_at constant timestamptz := clock_timestamp() + interval '55 seconds';
        batch_began_at timestamptz;
      begin
        loop
          batch_began_at := clock_timestamp();
          exit when batch_began_at > ends_at or not (private.clean('{}') ->> 'left')::boolean;
          commit;
          perform pg_sleep(least(2 * extract(epoch from clock_timestamp() - batch_began_at), 4));
        end loop;
      end
      $batches$
    $job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'nothing is cleaned by pg_cron: %', sqlerrm;
end
$$;
