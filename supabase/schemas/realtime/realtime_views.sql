-- The tables of realtime sessions for supabase-js.

create view public.realtime_sessions with (security_invoker = true) as
select session.external_id as session_id, session.owner_id as user_id,
  session.created_at as start_time, live.end_time, live.summary,
  session.session_id as conversation_id
from public.sessions session
join public.live_sessions live on live.session_id = session.session_id
where session.is_active;

create view public.session_events with (security_invoker = true) as
select event.event_id as id, session.external_id as session_id, event.role, event.type, event.content,
  event.created_at as "timestamp", event.owner_id as user_id, event.message_id, event.metadata,
  session.session_id as conversation_id
from public.conversation_events event
join public.sessions session on session.session_id = event.session_id
where session.is_active;

create trigger refuse_writing instead of insert or update or delete on public.realtime_sessions
  for each row execute function private.refuse_writing();

create trigger refuse_writing instead of insert or update or delete on public.session_events
  for each row execute function private.refuse_writing();
