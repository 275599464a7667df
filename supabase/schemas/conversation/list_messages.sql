-- Messages on the path to the session's active leaf, and the running reply after it: {principal, session_id,
-- query: {limit, offset, order}}. Without an order the offset counts from the newest message, and the
-- resulting page is in the order of the conversation; `desc` is the same page, newest first; with `asc` the
-- offset counts from the first message.
--
-- If a message's position is its depth, all messages before it are on the path, so the path from the first
-- message to it is found by position. After that the path is walked, from the leaf to the page: the cost of a
-- page grows with its distance from the leaf only if there are other takes before it.
create function public.list_messages(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
  sort_order constant text := query ->> 'order';
  principal_id uuid;
  wanted_id uuid;
  leaf_id uuid;
  running public.generations;
  stored_count integer;
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

  -- Before the path, so that a reply that ends meanwhile is in one of the two.
  running := private.running_generation(wanted_id);
  perform private.act_as(principal_id);
  select active_leaf_id,
    coalesce((select depth from public.messages where message_id = active_leaf_id), 0)
  into leaf_id, stored_count
  from public.sessions
  where session_id = wanted_id and is_active;
  if stored_count is null then
    perform set_config('role', own_role, true);
    perform private.refuse_session();
  end if;
  -- The path may have moved away from the question that is being answered.
  if running.user_message_id is distinct from leaf_id then
    running := null;
  end if;
  total := stored_count + (running.generation_id is not null)::integer;

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
  if max_depth <= stored_count then
    running := null;
  end if;
  max_depth := least(max_depth, stored_count);

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
  if running.generation_id is not null then
    page := case sort_order
      when 'desc' then jsonb_build_array(private.running_message(running)) || coalesce(page, '[]')
      else coalesce(page, '[]') || jsonb_build_array(private.running_message(running)) end;
  end if;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_messages(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_messages(jsonb) to service_role;
