-- The project, locked until the transaction ends, if the principal may change it.
create function private.open_project(principal_id uuid, wanted_id uuid) returns public.projects
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  is_visible boolean;
  opened public.projects;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.projects where project_id = wanted_id);
  perform set_config('role', own_role, true);
  select * into opened from public.projects
  where project_id = wanted_id and owner_id = principal_id and is_visible
  for no key update;
  if not found then
    perform private.refuse_project();
  end if;
  return opened;
end
$$;

revoke all on function private.open_project(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.open_project(uuid, uuid) to service_role;
