-- A project as callers see it.
create function private.describe_project(project public.projects) returns jsonb
language sql stable
return jsonb_build_object(
  'project_id', project.project_id,
  'user_id', project.owner_id,
  'name', project.name,
  'is_favourite', project.is_favourite,
  'phase', project.phase,
  'status', project.status,
  'instructions', project.instructions,
  'session_count', (
    select count(*) from public.sessions
    where project_id = project.project_id and owner_id = project.owner_id and is_active
      and kind <> 'story'),
  'created_at', private.iso(project.created_at),
  'updated_at', private.iso(project.updated_at));

-- Refuses members of a project that cannot be stored. Absent ones are accepted.
create function private.check_project(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'is_favourite' and jsonb_typeof(body -> 'is_favourite') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_favourite must be true or false.');
  end if;
  if body ? 'phase' and (body ->> 'phase') in (
      'setup', 'premise', 'outline', 'writing', 'export') is not true then
    perform private.refuse(422, 'invalid_request',
      'phase must be setup, premise, outline, writing or export.');
  end if;
  if body ? 'status' and (body ->> 'status') in ('active', 'completed', 'archived') is not true then
    perform private.refuse(422, 'invalid_request',
      'status must be active, completed or archived.');
  end if;
  perform private.check_instructions(body);
end
$$;

-- Refuses a project that does not exist, or belongs to another user.
create function private.refuse_project() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such project: list the projects to see which there are.');
end
$$;

revoke all on function
  private.describe_project(public.projects),
  private.check_project(jsonb),
  private.refuse_project()
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_project(public.projects),
  private.check_project(jsonb),
  private.refuse_project()
to service_role;
