-- Triggers write the events of turns, in the transaction that stores their content: the log always agrees
-- with the conversation, even when something is undone.

-- Why a reply has ended, in the terms of all protocols (shared/turn/finish_reason.hpp).
create function private.finish_reason_told(status text, reason text) returns text
language sql immutable parallel safe
return case status
  when 'complete' then coalesce(reason, 'stop')
  when 'stopped' then 'cancelled'
  else 'error'
end;

-- Runs when a message is stored, or its text changes. A reply that was ended for silence and continues
-- replaces the broken one under a new id, so that everybody gets it; an edit is an event of its own.
create function private.note_message() returns trigger
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

-- Runs when a turn has ended without text, which no message reports. If its writer continues after all, it
-- has not ended.
create function private.note_wordless_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  if not exists (select from public.live_sessions where session_id = new.session_id) then
    return null;
  end if;
  if new.status = 'streaming' then
    delete from public.conversation_events
    where generation_id = new.generation_id and message_id is null and metadata ? 'status';
    return null;
  end if;
  insert into public.conversation_events (
    session_id, owner_id, role, type, content, generation_id, metadata)
  values (
    new.session_id, new.owner_id, 'system',
    case new.status when 'stopped' then 'system' else 'error' end,
    case new.status when 'stopped' then 'cancelled' else coalesce(new.error_code, new.status) end,
    new.generation_id,
    jsonb_build_object(
      'finish_reason', private.finish_reason_told(new.status, new.finish_reason),
      'status', new.status,
      'is_complete', new.status = 'complete',
      'stream_id', new.stream_id,
      'user_message_id', new.user_message_id));
  return null;
end
$$;

revoke all on function
  private.finish_reason_told(text, text),
  private.note_message(),
  private.note_wordless_end()
from public, anon, authenticated, service_role;
grant execute on function private.finish_reason_told(text, text) to service_role;

create trigger note_new_message after insert on public.messages
  for each row execute function private.note_message();

create trigger note_message after update of content, status on public.messages
  for each row when (old.content <> new.content or old.status <> new.status)
  execute function private.note_message();

create trigger note_wordless_end after update of status on public.generations
  for each row when (
    old.status <> new.status
    and (new.status = 'streaming' or old.status = 'streaming' and new.saved_bytes = 0))
  execute function private.note_wordless_end();
