-- What people do with their projects and see of their dossiers.

-- How many rows a page of a list has: query.limit, held to 1..100.
create function private.page_size(query jsonb, default_rows integer) returns integer
language sql immutable parallel safe
return least(greatest(coalesce((query ->> 'limit')::numeric, default_rows), 1), 100)::integer;

-- How many rows come before a page: query.offset, held to 0..1,000,000.
create function private.page_start(query jsonb) returns integer
language sql immutable parallel safe
return least(greatest(coalesce((query ->> 'offset')::numeric, 0), 0), 1000000)::integer;

-- The entity tag of a row that was last changed at this time.
create function private.version_of(updated_at timestamptz) returns text
language sql stable parallel safe
return ((extract(epoch from updated_at) * 1000000)::bigint)::text;

-- Refuses when the caller has seen another version. `if_match` is one entity tag or several with
-- commas between them, in quotes or not; `*` and none at all agree with every version.
create function private.check_version(if_match text, version text) returns void
language plpgsql set search_path = '' as $$
declare
  seen constant text[] := string_to_array(translate(if_match, '" ', ''), ',');
begin
  if not (version = any (seen) or '*' = any (seen)) then
    perform private.refuse(412, 'precondition_failed',
      'It has changed since you read it: read it again and decide anew.');
  end if;
end
$$;

create function private.describe_project(project public.projects) returns jsonb
language sql stable
return jsonb_build_object(
  'project_id', project.project_id,
  'user_id', project.owner_id,
  'name', project.name,
  'is_favourite', project.is_favourite,
  'phase', project.phase,
  'status', project.status,
  'session_count', (
    select count(*) from public.sessions
    where project_id = project.project_id and owner_id = project.owner_id and is_active),
  'created_at', private.iso(project.created_at),
  'updated_at', private.iso(project.updated_at));

-- Refuses members of a project that could not be stored. Those that are absent are fine.
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
end
$$;

-- The answer of functions about a project that is not there, or is another's.
create function private.refuse_project() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such project: list the projects to see which there are.');
end
$$;

-- The principal's projects: {principal, query: {limit, offset, status, phase, is_favourite, order:
-- updated_at | created_at | name, direction: asc | desc}}. Newest first, names from A on.
create function public.list_projects(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  sort_column constant text := coalesce(query ->> 'order', 'updated_at');
  sort_direction constant text := coalesce(
    query ->> 'direction', case sort_column when 'name' then 'asc' else 'desc' end);
  principal_id uuid;
  conditions text := 'owner_id = $1';
  projects public.projects[];
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  if sort_column not in ('updated_at', 'created_at', 'name')
      or sort_direction not in ('asc', 'desc') then
    perform private.refuse(422, 'invalid_request',
      'order must be updated_at, created_at or name, and direction asc or desc.');
  end if;
  if query ->> 'status' is not null then
    conditions := conditions || ' and status = $2';
  end if;
  if query ->> 'phase' is not null then
    conditions := conditions || ' and phase = $3';
  end if;
  if query ->> 'is_favourite' is not null then
    conditions := conditions || ' and is_favourite = $4';
  end if;

  perform private.act_as(principal_id);
  -- Ids decide between equals, so that pages neither repeat nor skip.
  execute format($sql$
    select
      (select count(*) from public.projects where %1$s),
      array(
        select project from public.projects project
        where %1$s
        order by %2$I %3$s, project_id
        limit $5 offset $6)
    $sql$, conditions, sort_column, sort_direction)
  into total, projects
  using principal_id, query ->> 'status', query ->> 'phase',
    (query ->> 'is_favourite')::boolean, row_count, first_row;
  perform set_config('role', own_role, true);

  return private.answer_page(
    (select jsonb_agg(private.describe_project(projects[place]) order by place)
     from generate_subscripts(projects, 1) as place),
    first_row, total);
end
$$;

-- A new project with its empty dossier: {principal, body: {name, is_favourite, phase, status}}, of
-- which only the name must be there.
create function public.create_project(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  body constant jsonb := '{"name": null}' || coalesce(request -> 'body', '{}');
  principal_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.check_project(body);
  insert into public.projects (owner_id, name, is_favourite, phase, status)
  values (
    principal_id, btrim(body ->> 'name'), coalesce((body ->> 'is_favourite')::boolean, false),
    coalesce(body ->> 'phase', 'setup'), coalesce(body ->> 'status', 'active'))
  returning * into project;
  return private.answer(
    private.describe_project(project), 201, private.version_of(project.updated_at));
end
$$;

-- One of the principal's projects: {principal, project_id}.
create function public.read_project(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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

-- Changes what body has: {principal, project_id, if_match, body: {name, is_favourite, phase,
-- status}}.
create function public.update_project(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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
      status = coalesce(body ->> 'status', status)
  where project_id = project.project_id
  returning * into project;
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

-- Removes a project with its dossier and its sessions: {principal, project_id, if_match}.
create function public.delete_project(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  delete from public.projects where project_id = project.project_id;
  return private.answer(
    '{"message": "The project is deleted, with its dossier and its sessions."}');
end
$$;

-- The principal's dossiers, newest first: {principal, query: {limit, offset}}.
create function public.list_dossiers(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid;
  page jsonb;
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.act_as(principal_id);
  select
    (select count(*) from public.dossiers where owner_id = principal_id),
    (select jsonb_agg(
      jsonb_build_object(
        'project_id', dossier.project_id,
        'title', coalesce(dossier.title, (
          select name from public.projects where project_id = dossier.project_id)),
        'version', dossier.folded_to,
        'character_count', dossier.character_count,
        'theme_count', dossier.theme_count,
        'location_count', dossier.location_count,
        'plot_point_count', dossier.plot_point_count,
        'object_count', dossier.object_count,
        'open_question_count', dossier.open_question_count,
        'updated_at', private.iso(dossier.updated_at))
      order by dossier.updated_at desc, dossier.project_id)
    from (
      select * from public.dossiers
      where owner_id = principal_id
      order by updated_at desc, project_id
      limit row_count offset first_row
    ) dossier)
  into total, page;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

-- What a project's dossier says: {principal, project_id}. The version is a position of its log.
create function public.read_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  body jsonb;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'project_id');
  perform private.act_as(principal_id);
  select jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'title', coalesce(dossier.title, project.name),
    'version', dossier.folded_to,
    'snapshot_json', dossier.snapshot_json,
    'created_at', private.iso(dossier.created_at),
    'updated_at', private.iso(dossier.updated_at))
  into body
  from public.dossiers dossier
  join public.projects project using (project_id)
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if body is null then
    perform private.refuse_project();
  end if;
  return private.answer(body, etag => body ->> 'version');
end
$$;

revoke all on function
  private.page_size(jsonb, integer),
  private.page_start(jsonb),
  private.version_of(timestamptz),
  private.check_version(text, text),
  private.describe_project(public.projects),
  private.check_project(jsonb),
  private.refuse_project(),
  private.open_project(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.page_size(jsonb, integer),
  private.page_start(jsonb),
  private.version_of(timestamptz),
  private.check_version(text, text),
  private.describe_project(public.projects),
  private.check_project(jsonb),
  private.refuse_project(),
  private.open_project(uuid, uuid)
to service_role;

revoke all on function
  public.list_projects(jsonb),
  public.create_project(jsonb),
  public.read_project(jsonb),
  public.update_project(jsonb),
  public.delete_project(jsonb),
  public.list_dossiers(jsonb),
  public.read_dossier(jsonb)
from public, anon, authenticated;
grant execute on function
  public.list_projects(jsonb),
  public.create_project(jsonb),
  public.read_project(jsonb),
  public.update_project(jsonb),
  public.delete_project(jsonb),
  public.list_dossiers(jsonb),
  public.read_dossier(jsonb)
to service_role;
