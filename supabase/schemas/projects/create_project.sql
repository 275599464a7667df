-- Creates a project with its empty dossier: {principal, body: {name, is_favourite, phase, status,
-- instructions}}, of which only the name is required.
create function public.create_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := '{"name": null}' || coalesce(request -> 'body', '{}');
  principal_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.check_project(body);
  insert into public.projects (owner_id, name, is_favourite, phase, status, instructions)
  values (
    principal_id, btrim(body ->> 'name'), coalesce((body ->> 'is_favourite')::boolean, false),
    coalesce(body ->> 'phase', 'setup'), coalesce(body ->> 'status', 'active'),
    body ->> 'instructions')
  returning * into project;
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_project(project), 201, private.version_of(project.updated_at));
end
$$;

revoke all on function public.create_project(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_project(jsonb) to service_role;
