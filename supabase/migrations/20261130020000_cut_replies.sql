-- Replies that a limit of tokens or a filter has cut are not complete.

set local lock_timeout = '10s';

-- They name the column, and others name them; both are themselves again below.
create or replace function private.message_body(
  message public.messages, take_number bigint, take_count bigint
) returns jsonb
language sql stable parallel safe
return null::jsonb;

create or replace function private.unmarked_until(last_message_id uuid) returns uuid[]
language sql stable set search_path = ''
return null::uuid[];

drop view public.relay_messages;

alter table public.messages drop column is_complete;

alter table public.messages add column
  is_complete boolean not null generated always as (
    status = 'complete'
    and coalesce(metadata ->> 'finish_reason', '') not in ('length', 'content_filter', 'refusal')) stored;

create or replace function private.message_body(
  message public.messages, take_number bigint, take_count bigint
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'message_id', message.message_id,
  'session_id', message.session_id,
  'turn_id', message.turn_id,
  'parent_id', message.parent_id,
  'role', message.role,
  'content', message.content,
  'is_complete', message.is_complete,
  'metadata', message.metadata,
  'take_number', take_number,
  'take_count', take_count,
  'created_at', private.iso(message.created_at),
  'updated_at', private.iso(message.updated_at));

create or replace function private.unmarked_until(last_message_id uuid) returns uuid[]
language sql stable set search_path = ''
return array(
  with recursive unmarked as (
    select message.message_id, message.session_id, message.parent_id, 1 as steps
    from public.messages message
    where message.message_id = last_message_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, unmarked.steps + 1
    from unmarked
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = unmarked.parent_id limit 1
    ) parent
    where unmarked.steps < 8 and not exists (
      select from public.message_extractions marked
      where marked.session_id = parent.session_id and marked.message_id = parent.message_id)
  )
  select message_id from unmarked order by steps);

-- The relay's messages as supabase-js reads them. A reply that is being written is no message yet; who moves
-- to an account that has used the same number has another name for the conversation, which is no number.
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

select private.align_grants_with_policies();

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
