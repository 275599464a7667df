-- Replies that a limit of tokens or a filter has cut are not complete.

set local lock_timeout = '10s';

alter table public.messages alter column is_complete set expression as (
  status = 'complete'
  and coalesce(metadata ->> 'finish_reason', '') not in ('length', 'content_filter', 'refusal'));

-- A message is stored, or its text is another one. A reply that was ended for silence and goes on takes the
-- place of the broken one under a new id, so that everybody gets it; an edit is an event of its own.
create or replace function private.note_message() returns trigger
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
begin
  if not exists (select from public.live_sessions where session_id = new.session_id) then
    return null;
  end if;
  if tg_op = 'UPDATE' and new.revision = old.revision then
    delete from public.conversation_events
    where session_id = new.session_id and message_id = new.message_id and type = 'message';
  end if;
  if new.role = 'assistant' then
    select * into generation from public.generations where message_id = new.message_id;
  end if;
  insert into public.conversation_events (
    session_id, owner_id, role, type, content, message_id, generation_id, client_id, metadata)
  values (
    new.session_id, new.owner_id, new.role, 'message', new.content, new.message_id,
    generation.generation_id,
    case when new.role = 'user' then new.metadata ->> 'client_id' end,
    case new.role
      when 'assistant' then jsonb_strip_nulls(jsonb_build_object(
        'finish_reason', private.finish_reason_told(new.status, new.metadata ->> 'finish_reason'),
        'status', new.status,
        'is_complete', new.is_complete,
        'error_code', new.metadata ->> 'error_code',
        'stream_id', generation.stream_id,
        'user_message_id', new.parent_id,
        'client_id', (
          select question.metadata ->> 'client_id' from public.messages question
          where question.message_id = new.parent_id),
        'is_edited', nullif(new.revision > 1, false)))
      else jsonb_strip_nulls(jsonb_build_object('parent_id', new.parent_id))
    end);
  if new.role = 'user' or tg_op = 'UPDATE' then
    perform private.resume_realtime_session(new.session_id, tg_op = 'INSERT');
  end if;
  return null;
end
$$;
