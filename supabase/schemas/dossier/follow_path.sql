-- The messages that leave a path, and those that come back, when its end moves from one message to
-- another; the nearest to the end first.
create function private.path_difference(
  old_leaf_id uuid, new_leaf_id uuid, out left_ids uuid[], out back_ids uuid[]
)
language sql stable set search_path = '' as $$
  -- Both sides go up, the deeper one first, until they meet. A side without a parent becomes null.
  with recursive pair as (
    select older.message_id as old_id, older.parent_id as old_parent, older.depth as old_depth,
      newer.message_id as new_id, newer.parent_id as new_parent, newer.depth as new_depth
    from public.messages older, public.messages newer
    where older.message_id = old_leaf_id and newer.message_id = new_leaf_id
    union all
    select
      case when old_depth >= new_depth then above_old.message_id else old_id end,
      case when old_depth >= new_depth then above_old.parent_id else old_parent end,
      case when old_depth >= new_depth then old_depth - 1 else old_depth end,
      case when new_depth >= old_depth then above_new.message_id else new_id end,
      case when new_depth >= old_depth then above_new.parent_id else new_parent end,
      case when new_depth >= old_depth then new_depth - 1 else new_depth end
    from pair
    -- The limits keep the planner from joining with the whole table.
    left join lateral (
      select message_id, parent_id from public.messages
      where message_id = old_parent and old_depth >= new_depth
      limit 1
    ) above_old on true
    left join lateral (
      select message_id, parent_id from public.messages
      where message_id = new_parent and new_depth >= old_depth
      limit 1
    ) above_new on true
    where old_id is distinct from new_id
  )
  select
    coalesce(array_agg(old_id order by old_depth desc) filter (where old_depth >= new_depth), '{}'),
    coalesce(array_agg(new_id order by new_depth desc) filter (where new_depth >= old_depth), '{}')
  from pair
  where old_id is distinct from new_id;
$$;

-- The given messages that have findings, in the given order.
create function private.messages_with_assertions(message_ids uuid[]) returns uuid[]
language sql stable set search_path = ''
return array(
  select moved.message_id from unnest(message_ids) with ordinality as moved (message_id, place)
  where exists (
    select from public.dossier_assertions found where found.message_id = moved.message_id)
  order by moved.place);

-- Runs when a session's path moves: another take, an edit, a turn that begins or ends. The update itself
-- locks the session. Messages that have come back to the path may not have been read. When messages with
-- findings have left or come back, the log is folded soon, because prompts use the snapshot.
create function private.follow_path() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  -- The usual case: a new message follows the last one.
  if exists (
      select from public.messages
      where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
    and not exists (
      select from public.dossier_assertions where message_id = new.active_leaf_id)
    and not exists (
      select from public.message_extractions
      where session_id = new.session_id and message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select private.messages_with_assertions(difference.left_ids) as left_ids,
    private.messages_with_assertions(difference.back_ids) as back_ids,
    exists (
      select from public.message_extractions waiting
      where waiting.session_id = new.session_id and not waiting.is_done
        and waiting.message_id = any (difference.back_ids)) as has_unread
  into moved
  from private.path_difference(old.active_leaf_id, new.active_leaf_id) difference;
  if cardinality(moved.left_ids) + cardinality(moved.back_ids) > 0 then
    perform private.add_path_entries(
      new.project_id, new.session_id, moved.left_ids, moved.back_ids);
    perform private.plan_extraction(new.session_id);
  elsif moved.has_unread then
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

revoke all on function
  private.path_difference(uuid, uuid),
  private.messages_with_assertions(uuid[]),
  private.follow_path()
from public, anon, authenticated, service_role;
grant execute on function
  private.path_difference(uuid, uuid),
  private.messages_with_assertions(uuid[])
to service_role;

create trigger follow_path after update of active_leaf_id on public.sessions
  for each row when (
    old.active_leaf_id <> new.active_leaf_id and new.project_id is not null)
  execute function private.follow_path();
