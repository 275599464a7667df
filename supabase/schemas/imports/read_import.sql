-- An import's progress: {principal, project_id, task_id}.
create function public.read_import(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.answer(private.import_body(private.own_import(request, false)));

revoke all on function public.read_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_import(jsonb) to service_role;
