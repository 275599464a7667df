-- A dossier's log, for folding it: {principal | null, project_id, after?, until?}; returns {project_id,
-- user_id, name, head, folded_to, log_start, snapshot | null, entries}, where name is the project's,
-- entries are those after `after` (at first 0), up to `until`, in order and limited by private.read_log,
-- and the snapshot is present as long as no part of the log was passed over.
create function public.read_dossier_log(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  after_position bigint := coalesce(private.read_position(request, 'after'), 0);
  until_position bigint := private.read_position(request, 'until');
  principal_id uuid;
  log jsonb;
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  -- One statement, so that the head is that of these entries.
  select jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'name', project.name,
    'head', dossier.head,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'snapshot', case when after_position <= dossier.log_start then dossier.snapshot_json end,
    'entries', private.read_log(wanted_id, after_position, until_position))
  into log
  from public.dossiers dossier
  join public.projects project on project.project_id = dossier.project_id
  where dossier.project_id = wanted_id
    and dossier.owner_id = coalesce(principal_id, dossier.owner_id);
  if log is null then
    perform private.refuse_dossier();
  end if;
  return log;
end
$$;

revoke all on function public.read_dossier_log(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.read_dossier_log(jsonb) to service_role;
