-- Upper bounds of the histograms' buckets; the last bucket has none.
create function private.duration_bounds_ms() returns integer[]
language sql immutable parallel safe
return array[50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 60000, 120000, 300000];

revoke all on function private.duration_bounds_ms() from public, anon, authenticated, service_role;
grant execute on function private.duration_bounds_ms() to service_role;
