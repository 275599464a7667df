-- Whether the log has changed since the session's turn before the one with this epoch.
create function private.is_dossier_updated(
  wanted_session_id uuid, this_epoch bigint, log_head bigint
) returns boolean
language sql stable set search_path = ''
return coalesce((
  select earlier.dossier_version < log_head
  from public.generations earlier
  where earlier.session_id = wanted_session_id and earlier.epoch < this_epoch
    and earlier.dossier_version is not null
  order by earlier.epoch desc
  limit 1
), false);

-- Whether the session has messages that are still to be read for the dossier.
create function private.is_dossier_pending(wanted_session_id uuid) returns boolean
language sql stable set search_path = ''
return exists (
  select from public.jobs
  where session_id = wanted_session_id and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused'));

-- The state of the dossier after a turn that has asked for it, for finish_turn: {dossier: {version,
-- pending, updated}}.
create function private.dossier_after_turn(
  generation public.generations, its_project_id uuid
) returns jsonb
language sql stable set search_path = ''
return coalesce((
  select jsonb_build_object('dossier', jsonb_build_object(
    'version', dossier.head,
    'pending', private.is_dossier_pending(generation.session_id),
    'updated', private.is_dossier_updated(
      generation.session_id, generation.epoch, dossier.head)))
  from public.dossiers dossier
  where dossier.project_id = its_project_id and generation.dossier_version is not null
), '{}');

revoke all on function
  private.is_dossier_updated(uuid, bigint, bigint),
  private.is_dossier_pending(uuid),
  private.dossier_after_turn(public.generations, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_dossier_updated(uuid, bigint, bigint),
  private.is_dossier_pending(uuid),
  private.dossier_after_turn(public.generations, uuid)
to service_role;
