-- Conversations with companions as their owners see them.

-- The form for lists; last_message_preview describes the path's newest message.
create function private.describe_conversation(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'id', session.session_id,
    'user_id', session.owner_id,
    'character_id', session.character_id,
    'title', session.title,
    'message_count', coalesce(leaf.depth, 0),
    'last_message_preview', left(leaf.content, 200),
    'created_at', private.iso(session.created_at),
    'updated_at', private.iso(session.last_message_at))
  from (select session.active_leaf_id) described
  left join public.messages leaf on leaf.message_id = described.active_leaf_id);

-- The newest messages on its path, the oldest of them first, in the form of the original service: [{role,
-- content, timestamp}], and the id of each. At most three million bytes of text, the room in an answer to
-- the edge.
create function private.conversation_messages(session public.sessions, max_messages integer)
returns jsonb
language sql stable set search_path = '' as $$
  with recursive path as (
    select message_id, parent_id, role, content, is_complete, created_at, 1 as steps,
      octet_length(content) as bytes
    from public.messages
    where message_id = session.active_leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.role, parent.content, parent.is_complete,
      parent.created_at, path.steps + 1, path.bytes + octet_length(parent.content)
    from path
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = path.parent_id limit 1
    ) parent
    where path.steps < max_messages and path.bytes + octet_length(parent.content) <= 3000000
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'role', role,
    'content', content,
    'timestamp', private.iso(created_at),
    'message_id', message_id,
    'is_complete', is_complete) order by steps desc), '[]')
  from path;
$$;

-- The whole conversation.
create function private.conversation_body(session public.sessions, max_messages integer)
returns jsonb
language sql stable
return private.describe_conversation(session) || jsonb_build_object(
  'character_known', (
    private.visible_character(session.owner_id, session.character_id)).character_id is not null,
  'messages', private.conversation_messages(session, max_messages));

-- Refuses a conversation that does not exist, is deleted, or belongs to another user.
create function private.refuse_conversation() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such conversation: list the conversations to see which there are.');
end
$$;

-- The conversation, locked until the transaction ends, if the principal may change it.
create function private.open_conversation(principal_id uuid, wanted_id uuid)
returns public.sessions
language plpgsql set search_path = '' as $$
declare
  opened public.sessions;
begin
  select * into opened from public.sessions
  where session_id = wanted_id and owner_id = principal_id and kind = 'companion' and is_active
  for no key update;
  if not found then
    perform private.refuse_conversation();
  end if;
  return opened;
end
$$;

revoke all on function
  private.describe_conversation(public.sessions),
  private.conversation_messages(public.sessions, integer),
  private.conversation_body(public.sessions, integer),
  private.refuse_conversation(),
  private.open_conversation(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_conversation(public.sessions),
  private.conversation_messages(public.sessions, integer),
  private.conversation_body(public.sessions, integer),
  private.refuse_conversation(),
  private.open_conversation(uuid, uuid)
to service_role;
