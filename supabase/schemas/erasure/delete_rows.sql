-- Deletes at most row_limit rows of a table whose column has one of these ids, and returns their number. The
-- column is the first of an index. The caller has locked what contains the rows.
create function private.delete_rows(
  of_table regclass, by_column text, ids anyarray, row_limit integer
) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted integer;
begin
  if row_limit <= 0 or coalesce(cardinality(ids), 0) = 0 then
    return 0;
  end if;
  execute format(
    'delete from %1$s where ctid = any (array(select ctid from %1$s where %2$I = any ($1) limit $2))',
    of_table, by_column) using ids, row_limit;
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

-- The same for several tables, each as {table, column}, one after the other, until row_limit rows are
-- deleted.
create function private.delete_rows_of(
  tables text[][], ids uuid[], row_limit integer
) returns integer
language plpgsql set search_path = '' as $$
declare
  part text[];
  deleted integer := 0;
begin
  foreach part slice 1 in array tables loop
    deleted := deleted + private.delete_rows(part[1]::regclass, part[2], ids, row_limit - deleted);
    exit when deleted >= row_limit;
  end loop;
  return deleted;
end
$$;

revoke all on function
  private.delete_rows(regclass, text, anyarray, integer),
  private.delete_rows_of(text[][], uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.delete_rows(regclass, text, anyarray, integer),
  private.delete_rows_of(text[][], uuid[], integer)
to service_role;
