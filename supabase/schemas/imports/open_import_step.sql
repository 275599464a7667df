-- The step with this lease, locked with its import and its project; refused when the lease was not the
-- last one of it, or the import has been cancelled.
create function private.open_import_step(request jsonb) returns public.dossier_import_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'task_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  part public.dossier_import_steps;
begin
  perform from public.projects
  where project_id = (select project_id from public.dossier_imports where task_id = wanted_id)
  for key share;
  perform from public.dossier_imports where task_id = wanted_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such import, or its project is gone: drop what was done.');
  end if;
  select * into part from public.dossier_import_steps
  where task_id = wanted_id and lease_token = lease;
  if not found then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this step, or its import was cancelled: drop what was done.');
  end if;
  return part;
end
$$;

-- What callers are told of a step that they have ended.
create function private.describe_import_step(part public.dossier_import_steps, already boolean)
returns jsonb
language sql stable
return jsonb_build_object(
  'task_id', part.task_id,
  'step', part.step,
  'status', part.status,
  'attempts', part.attempts,
  'run_after', case when part.status = 'queued' then private.iso(part.run_after) end,
  'already', already);

revoke all on function
  private.open_import_step(jsonb),
  private.describe_import_step(public.dossier_import_steps, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_import_step(jsonb),
  private.describe_import_step(public.dossier_import_steps, boolean)
to service_role;
