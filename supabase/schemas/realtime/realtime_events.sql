-- A session's state for its connections.

create function private.event_body(event public.conversation_events) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'id', event.event_id,
  'role', event.role,
  'type', event.type,
  'content', event.content,
  'timestamp', private.iso(event.created_at),
  'message_id', event.message_id,
  'client_id', event.client_id,
  'metadata', event.metadata);

-- The running reply; null when there is none. One whose writer is silent is ended, so that waiting clients
-- learn its end, and can have it continued.
create function private.running_turn(wanted_session_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
begin
  select * into generation from public.generations
  where session_id = wanted_session_id and status = 'streaming';
  if not found then
    return null;
  end if;
  if private.is_silent(generation) then
    perform private.end_if_silent(generation);
    return null;
  end if;
  return jsonb_build_object(
    'stream_id', generation.stream_id,
    'generation_id', generation.generation_id,
    'message_id', generation.message_id,
    'user_message_id', generation.user_message_id,
    'client_id', (
      select question.metadata ->> 'client_id' from public.messages question
      where question.message_id = generation.user_message_id),
    'epoch', generation.epoch,
    'text_bytes', generation.saved_bytes);
end
$$;

-- {last_event_id, events, has_more, running}: the events after this one, or the newest ones if it is null,
-- oldest first. Fewer if events are long. One statement reads the events and the last id, so that a
-- concurrent event is in both or in neither.
create function private.session_state(
  wanted_session_id uuid, after_event_id bigint, row_limit integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_bytes constant integer := 262144;
  -- Before the events, which then have its end if it is ended here.
  running constant jsonb := private.running_turn(wanted_session_id);
  state jsonb;
begin
  with page as (
    (
      select event, event.event_id, octet_length(event.content) as bytes
      from public.conversation_events event
      where event.session_id = wanted_session_id and event.event_id > after_event_id
      order by event.event_id
      limit row_limit + 1
    )
    union all
    (
      select event, event.event_id, octet_length(event.content)
      from public.conversation_events event
      where after_event_id is null and event.session_id = wanted_session_id
      order by event.event_id desc
      limit row_limit
    )
  ),
  sized as (
    select page.event, page.event_id,
      row_number() over the_page as place,
      sum(page.bytes) over the_page as bytes_so_far
    from page
    window the_page as (
      order by case when after_event_id is null then -page.event_id else page.event_id end)
  ),
  shown as (
    select event, event_id from sized
    where place <= row_limit and (place = 1 or bytes_so_far <= max_bytes)
  )
  select jsonb_build_object(
    'last_event_id', coalesce((
      select event_id from public.conversation_events
      where session_id = wanted_session_id
      order by event_id desc
      limit 1), 0),
    'events', coalesce((
      select jsonb_agg(private.event_body(event) order by event_id) from shown), '[]'),
    'has_more', after_event_id is not null
      and (select count(*) from page) > (select count(*) from shown),
    'running', running)
  into state;
  return state;
end
$$;

revoke all on function
  private.event_body(public.conversation_events),
  private.running_turn(uuid),
  private.session_state(uuid, bigint, integer)
from public, anon, authenticated, service_role;
grant execute on function private.event_body(public.conversation_events) to authenticated, service_role;
grant execute on function
  private.running_turn(uuid),
  private.session_state(uuid, bigint, integer)
to service_role;
