-- The relay's messages for supabase-js. A running reply is not a message yet; a user who moves to an account
-- with the same conversation number has a new name for the conversation, which is not a number.
create view public.relay_messages with (security_invoker = true) as
select message.message_id, message.owner_id as user_id,
  case when session.external_id ~ '^[0-9]{1,18}$' then session.external_id::bigint end
    as conversation_id,
  message.content, message.role = 'user' as is_user_author, false as is_streaming,
  message.is_complete, message.metadata ->> 'stream_id' as stream_id, message.created_at
from public.messages message
join public.sessions session on session.session_id = message.session_id
where session.kind = 'relay' and session.is_active;

create trigger refuse_writing instead of insert or update or delete on public.relay_messages
  for each row execute function private.refuse_writing();
