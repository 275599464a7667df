-- Converts a JSON number for an integer column: null for other values, clamped to the column's range.
create function private.count_of(number jsonb) returns integer
language sql immutable parallel safe
return case when pg_catalog.jsonb_typeof(number) = 'number'
  then least(greatest(number::numeric, 0), 2147483647)::integer end;

revoke all on function private.count_of(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.count_of(jsonb) to service_role;
