-- The principal's projects: {principal, query: {limit, offset, status, phase, is_favourite, order:
-- updated_at | created_at | name, direction: asc | desc}}. By default newest first, names in
-- ascending order.
create function public.list_projects(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
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

revoke all on function public.list_projects(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_projects(jsonb) to service_role;
