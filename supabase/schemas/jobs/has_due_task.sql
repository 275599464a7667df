-- Whether a task or a step of an import could be claimed now; returns {due}. For who would otherwise call
-- for nothing.
create function public.has_due_task(request jsonb) returns jsonb
language sql stable set lock_timeout = '2s'
return jsonb_build_object('due',
  exists (
    select from public.background_tasks
    where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp())
  or exists (
    select from public.dossier_import_steps
    where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp()));

revoke all on function public.has_due_task(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.has_due_task(jsonb) to service_role;
