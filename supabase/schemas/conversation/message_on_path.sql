-- The message with this depth on the path to the leaf. Walks back only to where the takes begin: before that,
-- the position in the session is the depth.
create function private.message_on_path(leaf_id uuid, wanted_depth integer) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  reached public.messages;
begin
  with recursive path as (
    select leaf.message_id, leaf.parent_id, leaf.depth, leaf.position
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from path child
    cross join lateral (
      select * from public.messages message where message.message_id = child.parent_id limit 1
    ) parent
    where child.depth > wanted_depth and child.position <> child.depth
  )
  select message.* into reached
  from public.messages message
  where message.message_id = (select path.message_id from path order by path.depth limit 1);
  if reached.depth > wanted_depth then
    -- Everything before it is on its path: the place in the session is the depth. Asked for in order, so that
    -- the index of positions is used before the table has been analysed, too (messages.sql).
    select message.* into reached
    from public.messages message
    where message.session_id = reached.session_id and message.owner_id = reached.owner_id
      and message.position <= wanted_depth
    order by message.position desc
    limit 1;
  end if;
  return case when reached.depth = wanted_depth then reached.message_id end;
end
$$;

revoke all on function private.message_on_path(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.message_on_path(uuid, integer) to authenticated, service_role;
