-- The messages that the model was sent for this generation, oldest first, as [{"message_id", "role",
-- "content", "cut"?}]: the part of the path that was sent, with the texts of that time and their attachments,
-- and the instruction, which is not a message. cut is {bytes, sent_bytes} for a text that did not fit. The
-- question's own attachments are listed elsewhere. Reads with the principal's rights.
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
      newest.content, newest.metadata
    from public.messages newest
    where newest.message_id = newest_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, parent.depth, parent.role,
      parent.content, parent.metadata
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > generation.sent_from_depth
  ),
  told as (
    select path.message_id, path.role, path.depth,
      coalesce(replaced.content, path.content)
        || case when path.role = 'user' and path.message_id <> generation.user_message_id
            and generation.whole_from_depth is not null
          then private.attached_text(path.metadata) else '' end as content,
      lead(path.role) over (order by path.depth) as newer_role,
      lead(path.content
        || case when path.role = 'user' then private.attached_text(path.metadata) else '' end)
        over (order by path.depth) as newer
    from path
    left join lateral (
      select revision.content
      from public.message_revisions revision
      where revision.session_id = path.session_id and revision.message_id = path.message_id
        and revision.last_epoch >= generation.epoch
      order by revision.revision
      limit 1
    ) replaced on true
    where path.content <> ''
  )
  select jsonb_agg(
    jsonb_build_object('message_id', told.message_id, 'role', told.role, 'content', fitted.content)
      || case when fitted.content = told.content then '{}' else jsonb_build_object(
        'cut', jsonb_build_object(
          'bytes', octet_length(told.content), 'sent_bytes', octet_length(fitted.content))) end
    order by told.depth)
  into sent
  from told
  cross join lateral (
    select case when generation.cuts ? told.message_id::text
      then private.cut_text(told.content, (generation.cuts ->> told.message_id::text)::integer)
      else told.content end as content
  ) fitted
  -- As private.read_history leaves it out.
  where not (generation.whole_from_depth is not null
    and told.role = 'user' and told.newer_role is not distinct from 'user'
    and told.content = told.newer);
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
