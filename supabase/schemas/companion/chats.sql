-- The table that the original service had for its conversations.
create view public.chats with (security_invoker = true) as
select session_id as id, owner_id as user_id, character_id, last_message_at as updated_at
from public.sessions
where kind = 'companion' and is_active;

create trigger refuse_writing instead of insert or update or delete on public.chats
  for each row execute function private.refuse_writing();
