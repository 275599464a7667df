-- Answers whether the database takes calls of the functions: {}; {} back.
create function public.ready(request jsonb) returns jsonb
language sql stable set search_path = ''
return '{}'::jsonb;

revoke all on function public.ready(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.ready(jsonb) to service_role;
