-- Ends an import early: {principal, project_id, task_id}. Its proposals stay. An import that has ended
-- does not change.
create function public.cancel_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  import public.jobs := private.own_import(request, true);
begin
  if import.status in ('queued', 'running', 'paused') then
    import := private.drop_job(import.job_id);
  end if;
  return private.answer(private.import_body(import));
end
$$;

revoke all on function public.cancel_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.cancel_import(jsonb) to service_role;
