-- Answers whether the database takes calls of the functions: {}; {} back.
create function public.ready(request jsonb) returns jsonb
language plpgsql stable set search_path = '' set lock_timeout = '2s' as $$
begin
  return '{}';
end
$$;

revoke all on function public.ready(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.ready(jsonb) to service_role;
