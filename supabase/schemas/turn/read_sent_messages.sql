-- The messages that the model was sent for this generation, oldest first, as [{"message_id", "role",
-- "content"}]: the part of the path that was sent, with the texts of that time, and the instruction, which is
-- not a message. Reads with the principal's rights.
create function private.read_sent_messages(principal_id uuid, generation public.generations)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  newest_id uuid := coalesce(generation.continued_from_id, generation.user_message_id);
  sent jsonb;
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select newest.message_id, newest.session_id, newest.parent_id, newest.depth, newest.role,
      newest.content
    from public.messages newest
    where newest.message_id = newest_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, parent.depth, parent.role,
      parent.content
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > generation.sent_from_depth
  )
  select jsonb_agg(
    jsonb_build_object(
      'message_id', path.message_id,
      'role', path.role,
      'content', coalesce(replaced.content, path.content))
    order by path.depth)
  into sent
  from path
  left join lateral (
    select revision.content
    from public.message_revisions revision
    where revision.session_id = path.session_id and revision.message_id = path.message_id
      and revision.last_epoch >= generation.epoch
    order by revision.revision
    limit 1
  ) replaced on true
  where path.content <> '';
  perform set_config('role', own_role, true);
  if generation.instruction is not null then
    sent := sent || jsonb_build_object(
      'message_id', null, 'role', 'user', 'content', generation.instruction);
  end if;
  return sent;
end
$$;

revoke all on function private.read_sent_messages(uuid, public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.read_sent_messages(uuid, public.generations) to service_role;
