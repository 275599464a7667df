-- Ends an import: what is not yet read of it is not read any more. The import is locked.
create function private.end_import(wanted_id uuid, final_status text) returns void
language plpgsql set search_path = '' as $$
begin
  update public.dossier_import_steps
  set status = 'dropped', lease_token = null
  where task_id = wanted_id and status in ('queued', 'running');
  update public.dossier_imports
  set status = final_status, finished_at = clock_timestamp()
  where task_id = wanted_id;
end
$$;

-- The import's end, when no step is left: done if anything was read. The import is locked.
create function private.settle_import(wanted_id uuid) returns void
language sql set search_path = '' as $$
  update public.dossier_imports
  set status = case when exists (
        select from public.dossier_import_steps where task_id = wanted_id and status = 'done')
      then 'done' else 'failed' end,
      finished_at = clock_timestamp()
  where task_id = wanted_id and status in ('queued', 'running') and not exists (
    select from public.dossier_import_steps
    where task_id = wanted_id and status in ('queued', 'running'));
$$;

revoke all on function
  private.end_import(uuid, text),
  private.settle_import(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.end_import(uuid, text),
  private.settle_import(uuid)
to service_role;
