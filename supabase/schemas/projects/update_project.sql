-- Changes the members in body: {principal, project_id, if_match, body: {name, is_favourite, phase,
-- status, instructions}}. Null removes the instructions.
create function public.update_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(request -> 'body', '{}');
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.check_project(body);
  update public.projects
  set name = coalesce(btrim(body ->> 'name'), name),
      is_favourite = coalesce((body ->> 'is_favourite')::boolean, is_favourite),
      phase = coalesce(body ->> 'phase', phase),
      status = coalesce(body ->> 'status', status),
      instructions = case when body ? 'instructions' then body ->> 'instructions' else instructions end
  where project_id = project.project_id
  returning * into project;
  perform private.check_stored_bytes(project.owner_id);
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

revoke all on function public.update_project(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.update_project(jsonb) to service_role;
