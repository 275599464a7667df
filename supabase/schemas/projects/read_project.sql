-- One of the principal's projects: {principal, project_id}.
create function public.read_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'project_id');
  perform private.act_as(principal_id);
  select * into project from public.projects where project_id = wanted_id;
  perform set_config('role', own_role, true);
  if project.project_id is null then
    perform private.refuse_project();
  end if;
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

revoke all on function public.read_project(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_project(jsonb) to service_role;
