-- A conversation's history for a prompt: the newest messages on the path to the leaf that fit into the
-- budget, oldest first, starting with a user's message or the conversation's first, as [{"role", "content"}]; and the depth of the first,
-- null when there is none. The cost depends on the result, not on the conversation's length. Reads with the
-- principal's rights.
create function private.read_history(
  principal_id uuid, leaf_id uuid, budget_tokens integer,
  out messages jsonb, out from_depth integer
)
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  own_role constant text := current_setting('role');
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select leaf.parent_id, leaf.depth, leaf.role, leaf.content, 1 as steps,
      budget_tokens - private.estimate_tokens(leaf.content) as tokens_left
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.parent_id, parent.depth, parent.role, parent.content, child.steps + 1,
      child.tokens_left - private.estimate_tokens(parent.content)
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.tokens_left > 0 and child.steps < max_messages
  ),
  fitting as (
    select depth, role, content from path where tokens_left >= 0 and content <> ''
  )
  select
    coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth), '[]'),
    min(depth)
  into read_history.messages, read_history.from_depth
  from fitting
  where depth >= (select min(depth) from fitting where role = 'user' or depth = 1);
  perform set_config('role', own_role, true);
end
$$;

revoke all on function private.read_history(uuid, uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.read_history(uuid, uuid, integer) to service_role;
