-- The number of rows in a page of a list: query.limit, limited to 1..100.
create function private.page_size(query jsonb, default_rows integer) returns integer
language sql immutable parallel safe
return least(greatest(coalesce((query ->> 'limit')::numeric, default_rows), 1), 100)::integer;

-- The number of rows before a page: query.offset, limited to 0..1,000,000.
create function private.page_start(query jsonb) returns integer
language sql immutable parallel safe
return least(greatest(coalesce((query ->> 'offset')::numeric, 0), 0), 1000000)::integer;

revoke all on function
  private.page_size(jsonb, integer),
  private.page_start(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.page_size(jsonb, integer),
  private.page_start(jsonb)
to service_role;
