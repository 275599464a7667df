-- The principal's active sessions, newest first: {principal, query: {limit, offset, project_id,
-- kind, external_id}}.
create function public.list_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid;
  wanted_project_id uuid;
  conditions text := 'owner_id = $1 and is_active';
  sessions public.sessions[];
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_project_id := private.read_id(query, 'project_id');
  if wanted_project_id is not null then
    conditions := conditions || ' and project_id = $2';
  end if;
  if query ->> 'kind' is not null then
    conditions := conditions || ' and kind = $3';
  end if;
  if query ->> 'external_id' is not null then
    conditions := conditions || ' and external_id = $6';
  end if;

  perform private.act_as(principal_id);
  -- Put together, so that each list is planned for what it asks. Ids decide between equals, so that
  -- pages neither repeat nor skip.
  execute format($sql$
    select
      (select count(*) from public.sessions where %1$s),
      array(
        select session from public.sessions session
        where %1$s
        order by last_message_at desc, session_id
        limit $4 offset $5)
    $sql$, conditions)
  into total, sessions
  using principal_id, wanted_project_id, query ->> 'kind', row_count, first_row,
    query ->> 'external_id';
  perform set_config('role', own_role, true);

  return private.answer_page(
    (select jsonb_agg(private.describe_session(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

revoke all on function public.list_sessions(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_sessions(jsonb) to service_role;
