-- The state of a dossier for a worker whose findings are stored already: the result of commit_assertions,
-- with the log after the `base` of its result.
create function private.dossier_since(wanted_project_id uuid, outcome jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
      'tail', private.read_log(
        project_id, coalesce(private.read_position(outcome, 'base'), head)))
    from public.dossiers
    where project_id = wanted_project_id);
end
$$;

revoke all on function private.dossier_since(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_since(uuid, jsonb) to service_role;
