-- The end of a conversation through this message: its newest child's newest child, and so on. The
-- cost is the number of these steps.
create function private.newest_leaf_below(target public.messages) returns uuid
language sql stable set search_path = '' as $$
  with recursive way as (
    select target.message_id, target.depth
    union all
    select child.message_id, child.depth
    from way parent
    cross join lateral (
      select message.message_id, message.depth
      from public.messages message
      where message.session_id = target.session_id and message.parent_id = parent.message_id
      order by message.parent_depth desc, message.position desc
      limit 1
    ) child
  )
  select way.message_id from way order by way.depth desc limit 1;
$$;

revoke all on function private.newest_leaf_below(public.messages)
from public, anon, authenticated, service_role;
grant execute on function private.newest_leaf_below(public.messages) to service_role;
