-- Adds an event that is no message to a realtime session: {principal, session_id (the UUID), generation_id |
-- null, type, role, content, metadata}; returns {id}. With a `call_id` in its metadata it is stored once for
-- each generation and type.
create function public.add_conversation_event(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_content_bytes constant integer := 262144;
  max_metadata_bytes constant integer := 65536;
  event_metadata constant jsonb := coalesce(nullif(request -> 'metadata', 'null'), '{}');
  wanted_generation_id constant uuid := private.read_id(request, 'generation_id');
  session public.sessions;
  added_id bigint;
begin
  if (request ->> 'type', request ->> 'role') not in (
      ('tool_call', 'assistant'), ('tool_result', 'tool'), ('system', 'system'))
    or request ->> 'type' is null or request ->> 'role' is null then
    perform private.refuse(422, 'invalid_request',
      'type and role must be tool_call of assistant, tool_result of tool, or system of system.');
  end if;
  if jsonb_typeof(request -> 'content') is distinct from 'string'
    or octet_length(request ->> 'content') > max_content_bytes
    or jsonb_typeof(event_metadata) <> 'object' or octet_length(event_metadata::text) > max_metadata_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'content must be a text of at most %s bytes, metadata an object of at most %s.',
      max_content_bytes, max_metadata_bytes));
  end if;
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  if session.kind <> 'realtime' then
    perform private.refuse_session();
  end if;
  if wanted_generation_id is not null and not exists (
    select from public.generations
    where generation_id = wanted_generation_id and session_id = session.session_id)
  then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;
  insert into public.conversation_events (
    session_id, owner_id, role, type, content, generation_id, metadata)
  values (
    session.session_id, session.owner_id, request ->> 'role', request ->> 'type',
    request ->> 'content', wanted_generation_id, event_metadata)
  on conflict (generation_id, type, (metadata ->> 'call_id'))
    where generation_id is not null and metadata ? 'call_id'
    do nothing
  returning event_id into added_id;
  if added_id is null then
    select event_id into added_id from public.conversation_events event
    where event.generation_id = wanted_generation_id and event.type = request ->> 'type'
      and event.metadata ->> 'call_id' = event_metadata ->> 'call_id'
      and event.metadata ? 'call_id';
  end if;
  return jsonb_build_object('id', added_id);
end
$$;

revoke all on function public.add_conversation_event(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.add_conversation_event(jsonb) to service_role;
