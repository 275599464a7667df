-- Ends an import before its end: {principal, project_id, task_id}. What it has proposed stays. One that
-- has ended stays as it is.
create function public.cancel_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  import public.dossier_imports := private.own_import(request, true);
begin
  if import.status in ('queued', 'running') then
    perform private.end_import(import.task_id, 'cancelled');
    select * into import from public.dossier_imports where task_id = import.task_id;
  end if;
  return private.answer(private.import_body(import));
end
$$;

revoke all on function public.cancel_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.cancel_import(jsonb) to service_role;
