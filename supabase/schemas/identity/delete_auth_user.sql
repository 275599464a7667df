-- Deletes a user of Supabase Auth, who then cannot sign in or refresh a token; Auth's own log is read
-- afterwards (erasure/erase_auth_log.sql). Does nothing without Supabase Auth. No large table is scanned:
-- rows are found by an index, or the table is small. Security definer: the tables belong to Auth, and only
-- the owner of the migrations may write to them.
create function private.delete_auth_user(deleted_user_id uuid) returns void
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

revoke all on function private.delete_auth_user(uuid) from public, anon, authenticated, service_role;
grant execute on function private.delete_auth_user(uuid) to service_role;
