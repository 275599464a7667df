-- The erasure of an account reads tables by their indexes, also those of Supabase Auth, whatever the planner thinks
-- of their size; the cleaner pauses between its batches, and finds what is due by indexes.

set local lock_timeout = '10s';

create or replace function private.erase_auth_log(principal_id uuid, row_limit integer) returns integer
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  user_ids text[];
  read_ids uuid[];
begin
  if to_regclass('auth.audit_log_entries') is null
    or not has_table_privilege('auth.audit_log_entries', 'select')
    or not has_table_privilege('auth.audit_log_entries', 'delete')
  then
    return 0;
  end if;
  select array_agg(id::text) into user_ids
  from public.principals
  where kind = 'user' and (id = principal_id or migrated_to = principal_id);
  if user_ids is null then
    return 0;
  end if;
  read_ids := array(
    select entry.id from auth.audit_log_entries entry
    where entry.id > coalesce(
      (select auth_log_read_to from public.principals where id = principal_id),
      '00000000-0000-0000-0000-000000000000')
    order by entry.id
    limit row_limit);
  delete from auth.audit_log_entries entry
  where entry.id = any (read_ids) and exists (
    select from unnest(user_ids) as named (user_id)
    where strpos(entry.payload::text, named.user_id) > 0);
  update public.principals set auth_log_read_to = read_ids[cardinality(read_ids)]
  where id = principal_id and cardinality(read_ids) > 0;
  return cardinality(read_ids);
end
$$;

create or replace function private.delete_auth_user(deleted_user_id uuid) returns void
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  small_bytes constant bigint := 8388608;
  related record;
begin
  if to_regclass('auth.users') is null then
    return;
  end if;
  delete from auth.users where id = deleted_user_id;
  -- Rows without a foreign key: codes of unfinished sign-ins, and old refresh tokens.
  for related in
    select class.oid::regclass as name,
      -- The columns of an index by which the rows are found.
      (
        select array_to_string(found.columns, ' ')
        from pg_index
        cross join lateral (
          select array_agg(indexed.attname::text order by part.place) as columns
          from unnest(indkey::smallint[]) with ordinality as part (number, place)
          join pg_attribute indexed on indexed.attrelid = indrelid and indexed.attnum = part.number
          where part.place <= 2
        ) found
        where indrelid = class.oid and indpred is null
          and (found.columns[1] = 'user_id' or found.columns = '{instance_id,user_id}')
        order by found.columns[1] = 'user_id' desc
        limit 1
      ) as index_columns,
      pg_relation_size(class.oid) <= small_bytes as is_small
    from pg_attribute attribute
    join pg_class class on class.oid = attribute.attrelid
    where class.relnamespace = 'auth'::regnamespace and class.relkind in ('r', 'p')
      and attribute.attname = 'user_id' and not attribute.attisdropped
      and has_table_privilege(class.oid, 'select') and has_table_privilege(class.oid, 'delete')
  loop
    if related.index_columns like 'user_id%' or related.is_small then
      execute format('delete from %s where user_id = %L', related.name, deleted_user_id);
    elsif related.index_columns is not null then
      -- Auth has one instance, whose id consists of zeros.
      execute format(
        $delete$delete from %s
        where instance_id = '00000000-0000-0000-0000-000000000000' and user_id = %L$delete$,
        related.name, deleted_user_id);
    end if;
  end loop;
end
$$;

create or replace function private.erase_batch(principal_id uuid, row_limit integer) returns boolean
language plpgsql set search_path = '' set enable_seqscan = off as $$
declare
  max_projects constant integer := 20;
  max_sessions constant integer := 50;
  -- Each job has unfinished steps, and a share.
  max_jobs constant integer := 50;
  container_ids uuid[];
begin
  if private.end_jobs_of_deleted(principal_id, least(max_jobs, row_limit)) > 0
    or private.anonymise_model_calls(principal_id, row_limit) > 0
    or private.delete_rows('public.plan_shares', 'owner_id', array[principal_id], row_limit) > 0
    or private.erase_memory_logs(principal_id, row_limit) > 0
  then
    return true;
  end if;
  container_ids := array(
    select project_id from public.projects
    where project_id = any (array(
      select project_id from public.projects where owner_id = principal_id limit max_projects))
    order by project_id
    for no key update);
  if container_ids <> '{}' then
    perform private.erase_projects(container_ids, row_limit);
    return true;
  end if;
  container_ids := array(
    select session_id from public.sessions
    where session_id = any (array(
      select session_id from public.sessions where owner_id = principal_id limit max_sessions))
    order by session_id
    for no key update);
  if container_ids <> '{}' then
    perform private.erase_sessions(container_ids, row_limit);
    return true;
  end if;
  if private.delete_rows('public.idempotency_keys', 'owner_id', array[principal_id], row_limit) > 0
    or private.delete_rows('public.bots', 'owner_id', array[principal_id], row_limit) > 0
    or private.delete_rows('public.characters', 'owner_id', array[principal_id], row_limit) > 0
    or private.erase_auth_log(principal_id, row_limit) >= row_limit
  then
    return true;
  end if;
  -- Auth has written about the user since, or the user was deleted there (cleaning/mark_removed_users.sql).
  perform private.delete_auth_user(id)
  from public.principals
  where kind = 'user' and (id = principal_id or migrated_to = principal_id);
  -- The rest is a few rows, and what transactions have added that began before the deletion.
  perform private.lock_belongings(principal_id);
  delete from public.principals where id = principal_id;
  return false;
end
$$;

create or replace function private.delete_full_counters(row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  -- Once, because an index cannot find rows by a volatile function.
  full_before constant timestamptz := clock_timestamp();
  deleted integer;
begin
  delete from public.admission_counters
  where (scope, part) in (
    select scope, part from public.admission_counters
    where full_at < full_before
    order by full_at
    limit row_limit
    for no key update skip locked);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

create or replace function public.take_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_rows constant integer := 100;
  wanted_rows constant integer := least(coalesce((request ->> 'limit')::integer, max_rows), max_rows);
  pause constant interval := '10 minutes';
  -- Once, because an index cannot find rows by a volatile function.
  due_before constant timestamptz := clock_timestamp();
  taken uuid[];
  taken_paths text[];
begin
  with due as (
    select conversation_id from public.deleted_snapshots
    where try_after <= due_before
    order by try_after
    limit wanted_rows
    for no key update skip locked
  ),
  marked as (
    update public.deleted_snapshots
    set try_after = due_before + pause
    from due
    where deleted_snapshots.conversation_id = due.conversation_id
    returning deleted_snapshots.conversation_id
  )
  select array_agg(conversation_id) into taken from marked;
  with due as (
    select object_path from public.deleted_illustrations
    where try_after <= due_before
    order by try_after
    limit wanted_rows - coalesce(cardinality(taken), 0)
    for no key update skip locked
  ),
  marked as (
    update public.deleted_illustrations
    set try_after = due_before + pause
    from due
    where deleted_illustrations.object_path = due.object_path
    returning deleted_illustrations.object_path
  )
  select array_agg(object_path) into taken_paths from marked;
  return jsonb_build_object(
    'ids', to_jsonb(coalesce(taken, '{}')), 'illustrations', to_jsonb(coalesce(taken_paths, '{}')));
end
$$;

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
