-- Stores what a step has found: {task_id, lease_token, result: {base, assertions, snapshot, facts,
-- proposals, ...}}, the first four as commit_assertions takes them, proposals the ids that the assertions
-- belong to, and whatever else is worth keeping, such as model and usage. Returns {task_id, step, status,
-- attempts, run_after, already, dossier}, where dossier is what commit_assertions returns: when its tail
-- is not null, fold it and call that. Calling again changes nothing and says `already`.
create function public.commit_import_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  part public.dossier_import_steps := private.open_import_step(request);
  outcome constant jsonb := request -> 'result';
  import public.dossier_imports;
  dossier_start bigint;
  dossier jsonb;
begin
  select * into import from public.dossier_imports where task_id = part.task_id;
  if part.status <> 'running' then
    return private.describe_import_step(part, true) || jsonb_build_object('dossier', (
      select jsonb_build_object(
        'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
        'tail', private.read_log(project_id, coalesce(
          private.read_position(outcome, 'base'), head)))
      from public.dossiers where project_id = import.project_id));
  end if;
  if jsonb_typeof(outcome -> 'proposals') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request',
      'result.proposals must be an array of the ids that the assertions belong to.');
  end if;
  select log_start into dossier_start from public.dossiers
  where project_id = import.project_id
  for no key update;
  if dossier_start <> import.log_start then
    perform private.refuse(409, 'stale_lease',
      'The dossier has been emptied, and the import with it: drop what was done.');
  end if;
  dossier := private.add_assertions(import.project_id, outcome, null);
  update public.dossier_import_steps
  set status = 'done',
      proposals = array(select jsonb_array_elements_text(outcome -> 'proposals')),
      result = outcome - array['base', 'assertions', 'snapshot', 'facts', 'proposals'],
      error = null
  where task_id = part.task_id and step = part.step
  returning * into part;
  perform private.settle_import(part.task_id);
  return private.describe_import_step(part, false) || jsonb_build_object('dossier', dossier);
end
$$;

revoke all on function public.commit_import_step(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.commit_import_step(jsonb) to service_role;
