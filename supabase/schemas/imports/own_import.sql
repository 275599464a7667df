-- The principal's import, locked if it is to be changed; refuses any other.
create function private.own_import(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_project_id constant uuid := private.read_id(request, 'project_id');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  is_visible boolean;
  import public.jobs;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);
  if is_visible then
    if is_locked then
      perform from public.projects where project_id = wanted_project_id for share;
      select * into import from public.jobs
      where job_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
        and kind = 'dossier_import'
      for no key update;
    else
      select * into import from public.jobs
      where job_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
        and kind = 'dossier_import';
    end if;
  end if;
  if import.job_id is null then
    perform private.refuse_import();
  end if;
  return import;
end
$$;

revoke all on function private.own_import(jsonb, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.own_import(jsonb, boolean) to service_role;
