-- Reads the next entries of Supabase Auth's own log, in the order of their ids, and deletes those that name
-- the deleted user or an anonymous user who had moved to the account: the log has no index by user. Returns
-- the number of entries that were read; fewer than row_limit: the whole log has been read. The log is never
-- scanned, whatever its size. Security definer: the table belongs to Auth.
create function private.erase_auth_log(principal_id uuid, row_limit integer) returns integer
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

revoke all on function private.erase_auth_log(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_auth_log(uuid, integer) to service_role;
