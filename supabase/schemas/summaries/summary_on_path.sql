-- The summary that reaches farthest on the path to the leaf; nulls when there is none, or none within
-- this many steps. If a message's position is its depth, all messages before it are on the path
-- (public.list_messages), so that the path need not be walked from there.
create function private.summary_on_path(
  wanted_session_id uuid, leaf_id uuid, max_steps integer
) returns public.session_summaries
language plpgsql stable set search_path = '' as $$
declare
  nearest record;
  found_summary public.session_summaries;
begin
  if not exists (
    select from public.session_summaries where session_id = wanted_session_id and not is_stale)
  then
    return found_summary;
  end if;
  with recursive walked as (
    select message_id, parent_id, depth, position, 1 as steps
    from public.messages
    where message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position, child.steps + 1
    from walked child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.steps < max_steps and child.position <> child.depth
      and not exists (
        select from public.session_summaries
        where session_id = wanted_session_id and until_message_id = child.message_id
          and not is_stale)
  )
  select message_id, position, position = depth as is_straight
  into nearest
  from walked
  order by depth
  limit 1;

  if nearest.is_straight then
    select * into found_summary from public.session_summaries
    where session_id = wanted_session_id and until_position <= nearest.position
      and not is_stale
    order by until_position desc
    limit 1;
  else
    select * into found_summary from public.session_summaries
    where session_id = wanted_session_id and until_message_id = nearest.message_id
      and not is_stale;
  end if;
  return found_summary;
end
$$;

revoke all on function private.summary_on_path(uuid, uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.summary_on_path(uuid, uuid, integer) to service_role;
