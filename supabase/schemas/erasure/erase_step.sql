-- Erases the rows of deleted accounts in batches: one call is one batch and one transaction, which is bounded
-- in rows and locks only the account's own ones. Background work calls it, without a principal, until nothing
-- is left.

-- Erases at most row_limit rows of a deleted principal, who is locked; false: nothing is left, the principal
-- neither. A batch deletes from one kind of container, because locks are taken in one order within a
-- transaction. Work and its files in Storage are planned for deletion by the tables' triggers. No table is
-- scanned: the rows of an account that has much of a table would be found by scans that pass all those that
-- earlier batches have deleted.
create function private.erase_batch(principal_id uuid, row_limit integer) returns boolean
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

-- Erases one batch of one of the oldest deleted accounts; false: there is none that nobody else is erasing.
create function private.erase_next(row_limit integer) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- An account whose rows are locked for long keeps no other one.
  max_candidates constant integer := 10;
  candidate_id uuid;
begin
  for candidate_id in
    select id from (
      select id from public.principals where deleted_at is not null
      order by deleted_at
      limit max_candidates
    ) oldest
    order by random()
  loop
    perform from public.principals
    where id = candidate_id and deleted_at is not null
    for no key update skip locked;
    if found then
      perform private.erase_batch(candidate_id, row_limit);
      return true;
    end if;
  end loop;
  return false;
end
$$;

-- Erases one batch: {limit?}, the number of rows; returns {left}, whether any deleted account is left.
-- Concurrent calls erase different accounts.
create function public.erase_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_limit constant integer := 1000;
  max_limit constant integer := 10000;
begin
  perform private.erase_next(least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 1), max_limit));
  return jsonb_build_object('left', exists (
    select from public.principals where deleted_at is not null));
end
$$;

revoke all on function
  private.erase_batch(uuid, integer),
  private.erase_next(integer),
  public.erase_step(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.erase_batch(uuid, integer),
  private.erase_next(integer),
  public.erase_step(jsonb)
to service_role;
