-- The cleaner: deletes what is due, in batches. pg_cron and background work call it, without a principal,
-- until nothing is left. Its parts and retentions are in private.retentions, its backlog in
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
create function private.clean_part(part text, limits jsonb, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted_days constant numeric := greatest(coalesce((limits ->> 'deleted_days')::numeric, 30), 0);
  shares_kept constant interval := '400 days';
  usage_kept constant interval := '400 days';
  withdrawals_kept constant interval := '1 day';
  -- Each may have many messages.
  max_sessions_to_count constant integer := 20;
  cleaned integer;
begin
  case part
    when 'deleted_sessions' then
      cleaned := private.erase_deleted_sessions(
        clock_timestamp() - make_interval(secs => (deleted_days * 86400)::double precision), row_limit);
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
        where month < current_date - shares_kept and settled_at is not null
        order by month
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
    when 'full_counters' then
      cleaned := private.delete_full_counters(row_limit);
    when 'deployment_usage' then
      delete from public.deployment_usage where day < current_date - usage_kept;
      get diagnostics cleaned = row_count;
    when 'withdrawn_calls' then
      delete from public.withdrawn_calls
      where ctid = any (array(
        select ctid from public.withdrawn_calls
        where created_at < clock_timestamp() - withdrawals_kept
        limit row_limit));
      get diagnostics cleaned = row_count;
  end case;
  return cleaned;
end
$$;

-- Cleans one batch of one part: {rows?, at most 10,000, and deleted_days?: how long deleted sessions are
-- kept}. Returns {left, part?, rows?}; with `left` another call is due. Each call has one part, because parts
-- lock rows in different orders, and begins with any part, so that none waits for all others.
create function private.clean(limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_rows constant integer := 1000;
  max_rows constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((limits ->> 'rows')::integer, default_rows), 1), max_rows);
  parts constant text[] := array['deleted_sessions', 'deleted_session_bytes', 'erasures', 'removed_users',
    'expired_guests', 'finished_jobs', 'model_calls', 'plan_shares', 'withdrawn_calls', 'full_counters',
    'deployment_usage'];
  wanted_part text;
  cleaned integer;
begin
  for wanted_part in select name from unnest(parts) as named (name) order by random() loop
    begin
      cleaned := private.clean_part(wanted_part, limits, row_limit);
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
  private.clean_part(text, jsonb, integer),
  private.clean(jsonb),
  public.clean(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.erase_deleted_sessions(timestamptz, integer),
  private.clean_part(text, jsonb, integer),
  private.clean(jsonb),
  public.clean(jsonb)
to service_role;

-- Runs every minute if the database has pg_cron; the development server uses a timer instead. Each batch is a
-- transaction.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-clean', '* * * * *', $job$
      do $batches$
      begin
        for batch in 1..100 loop
          exit when not (private.clean('{}') ->> 'left')::boolean;
          commit;
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
