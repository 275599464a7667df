-- What people see of their conversations, and how they name and delete them. A deleted session
-- stays as a row that is not active, and is found by none of these functions.

-- A principal's sessions as they are listed, and how many there are.
create index sessions_listed on public.sessions (owner_id, last_message_at desc, session_id)
  include (kind) where is_active;

-- The takes of a session's first message.
create index messages_first on public.messages (session_id, position) where parent_id is null;

-- message_count and the preview are of the path to the active leaf, which is its newest message.
create function private.describe_session(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'session_id', session.session_id,
    'user_id', session.owner_id,
    'project_id', session.project_id,
    'project_title', project.name,
    'kind', session.kind,
    'title', session.title,
    'is_active', session.is_active,
    'message_count', coalesce(leaf.depth, 0),
    'last_message_preview', left(leaf.content, 200),
    'active_leaf_id', session.active_leaf_id,
    'created_at', private.iso(session.created_at),
    'updated_at', private.iso(session.updated_at),
    'last_message_at', private.iso(session.last_message_at))
  from (select session.project_id, session.active_leaf_id) described
  left join public.projects project on project.project_id = described.project_id
  left join public.messages leaf on leaf.message_id = described.active_leaf_id
);

-- The answer of functions about a session that is not there, is deleted, or is another's.
create function private.refuse_session() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such session: list the sessions to see which there are.');
end
$$;

-- The principal's active sessions, newest first: {principal, query: {limit, offset, project_id,
-- kind}}.
create function public.list_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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
  using principal_id, wanted_project_id, query ->> 'kind', row_count, first_row;
  perform set_config('role', own_role, true);

  return private.answer_page(
    (select jsonb_agg(private.describe_session(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

-- One of the principal's sessions: {principal, session_id}.
create function public.read_session(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  session public.sessions;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'session_id');
  perform private.act_as(principal_id);
  select * into session from public.sessions where session_id = wanted_id and is_active;
  perform set_config('role', own_role, true);
  if session.session_id is null then
    perform private.refuse_session();
  end if;
  return private.answer(
    private.describe_session(session), etag => private.version_of(session.updated_at));
end
$$;

-- Messages on the path to the session's active leaf: {principal, session_id, query: {limit, offset,
-- order}}. Without an order the offset counts from the newest message, and the page that it leads
-- to is in the order of the conversation; `desc` is the same page, newest first; with `asc` the
-- offset counts from the first message.
--
-- Where a message's position is its depth, nothing beside the path came before it, so that the path
-- from the first message to there is found by position. Above that it is walked, from the leaf to
-- the page: what a page costs grows with its distance from the leaf if there are other takes before
-- it, and not otherwise.
create function public.list_messages(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
  sort_order constant text := query ->> 'order';
  principal_id uuid;
  wanted_id uuid;
  leaf_id uuid;
  total integer;
  min_depth integer;
  max_depth integer;
  max_position integer;
  walked_ids uuid[];
  page jsonb;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'session_id');
  if sort_order not in ('asc', 'desc') then
    perform private.refuse(422, 'invalid_request', 'order must be asc or desc.');
  end if;

  perform private.act_as(principal_id);
  select active_leaf_id,
    coalesce((select depth from public.messages where message_id = active_leaf_id), 0)
  into leaf_id, total
  from public.sessions
  where session_id = wanted_id and is_active;
  if total is null then
    perform set_config('role', own_role, true);
    perform private.refuse_session();
  end if;

  if first_row >= total then
    perform set_config('role', own_role, true);
    return private.answer_page('[]', first_row, total);
  end if;
  if sort_order = 'asc' then
    min_depth := first_row + 1;
    max_depth := least(first_row + row_count, total);
  else
    max_depth := total - first_row;
    min_depth := greatest(max_depth - row_count + 1, 1);
  end if;

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = leaf_id
    union all
    select parent.*
    from walked child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select message_id, parent_id, depth, position
      from public.messages
      where message_id = child.parent_id
      limit 1
    ) parent
    where child.depth > min_depth and child.position <> child.depth
  )
  select
    array_agg(message_id) filter (where depth <= max_depth and position <> depth),
    least(max_depth, coalesce(max(depth) filter (where position = depth), 0))
  into walked_ids, max_position
  from walked;

  -- In a statement of its own, which has the last position as a value and not as a query.
  select jsonb_agg(
    private.message_body(message, take.number, take.count)
    order by case sort_order when 'desc' then -message.depth else message.depth end)
  into page
  from (
    select unnest(walked_ids) as message_id
    union all
    select message_id from public.messages
    where session_id = wanted_id and owner_id = principal_id
      and position between min_depth and max_position
  ) listed
  cross join lateral (
    select whole as message, whole.* from public.messages whole
    where whole.message_id = listed.message_id
    limit 1
  ) message
  cross join lateral (
    select count(*) filter (where sibling.position <= message.position) as number,
      count(*) as count
    from (
      select role, position from public.messages
      where session_id = message.session_id and parent_id = message.parent_id
      union all
      select role, position from public.messages
      where message.parent_id is null and session_id = message.session_id and parent_id is null
    ) sibling
    where sibling.role = message.role
  ) take;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

-- The session, locked until the transaction ends, if the principal may change it.
create function private.open_own_session(principal_id uuid, wanted_id uuid) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  is_visible boolean;
  opened public.sessions;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.sessions where session_id = wanted_id);
  perform set_config('role', own_role, true);
  select * into opened from public.sessions
  where session_id = wanted_id and owner_id = principal_id and is_active and is_visible
  for no key update;
  if not found then
    perform private.refuse_session();
  end if;
  return opened;
end
$$;

-- Renames a session: {principal, session_id, if_match, body: {title}}.
create function public.update_session(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  new_title constant text := btrim(request #>> '{body,title}');
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(session.updated_at));
  if char_length(new_title) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'title must have 1 to 200 characters.');
  end if;
  update public.sessions set title = new_title
  where session_id = session.session_id
  returning * into session;
  return private.answer(
    private.describe_session(session), etag => private.version_of(session.updated_at));
end
$$;

-- Deletes a session: {principal, session_id, if_match}. A reply that is being written in it is
-- asked to stop, because nobody will read it.
create function public.delete_session(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(session.updated_at));
  update public.sessions set is_active = false where session_id = session.session_id;
  update public.generations set cancel_requested = true
  where session_id = session.session_id and status = 'streaming';
  return private.answer('{"message": "The session is deleted."}');
end
$$;

-- Deletes all of the principal's sessions, as delete_session does: {principal}.
create function public.delete_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid;
  session_ids uuid[];
begin
  principal_id := private.resolve_principal(request -> 'principal');
  -- In one order everywhere, so that two such calls do not wait for each other in a circle.
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions
    where owner_id = principal_id and is_active
    order by session_id
    for no key update
  ) locked;
  update public.sessions set is_active = false where session_id = any (session_ids);
  update public.generations set cancel_requested = true
  where session_id = any (session_ids) and status = 'streaming';
  return private.answer(jsonb_build_object(
    'message', 'All sessions are deleted.', 'deleted', cardinality(session_ids)));
end
$$;

revoke all on function
  private.describe_session(public.sessions),
  private.refuse_session(),
  private.open_own_session(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_session(public.sessions),
  private.refuse_session(),
  private.open_own_session(uuid, uuid)
to service_role;

revoke all on function
  public.list_sessions(jsonb),
  public.read_session(jsonb),
  public.list_messages(jsonb),
  public.update_session(jsonb),
  public.delete_session(jsonb),
  public.delete_sessions(jsonb)
from public, anon, authenticated;
grant execute on function
  public.list_sessions(jsonb),
  public.read_session(jsonb),
  public.list_messages(jsonb),
  public.update_session(jsonb),
  public.delete_session(jsonb),
  public.delete_sessions(jsonb)
to service_role;
