-- Refuses a request that does not identify a turn clearly.
create function private.check_turn_request(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_text_bytes constant integer := 200000;
  max_guidance_characters constant integer := 2000;
  turn_action text := coalesce(request ->> 'action', 'say');
  said text := request ->> 'text';
begin
  if turn_action not in ('say', 'edit', 'regenerate', 'continue') then
    perform private.refuse(422, 'invalid_request',
      'action must be say, edit, regenerate or continue.');
  end if;
  if turn_action in ('say', 'edit')
    and (said is null or said = '' or octet_length(said) > max_text_bytes) then
    perform private.refuse(422, 'invalid_request',
      format('text must have 1 to %s bytes.', max_text_bytes));
  end if;
  if (turn_action = 'say') = (request ->> 'message_id' is not null) then
    perform private.refuse(422, 'invalid_request',
      'message_id must name what edit, regenerate or continue is about, and is for these alone.');
  end if;
  if request ->> 'external_id' is not null then
    if char_length(request ->> 'external_id') not between 1 and 128 then
      perform private.refuse(422, 'invalid_request', 'external_id must have 1 to 128 characters.');
    end if;
    if coalesce(request ->> 'session_id', request ->> 'message_id') is not null then
      perform private.refuse(422, 'invalid_request',
        'external_id names the conversation already: leave session_id and message_id out.');
    end if;
  end if;
  if request ->> 'instruction' is not null and (
    turn_action not in ('regenerate', 'continue')
    or octet_length(request ->> 'instruction') not between 1 and max_text_bytes
  ) then
    perform private.refuse(422, 'invalid_request',
      format('instruction must have 1 to %s bytes and belongs to regenerate or continue.',
        max_text_bytes));
  end if;
  if octet_length(request ->> 'system_prompt') > max_text_bytes then
    perform private.refuse(422, 'invalid_request',
      format('system_prompt must have at most %s bytes.', max_text_bytes));
  end if;
  if jsonb_typeof(coalesce(nullif(request -> 'settings', 'null'), '{}')) <> 'object'
    or jsonb_typeof(coalesce(nullif(request -> 'chosen', 'null'), '{}')) <> 'object'
  then
    perform private.refuse(422, 'invalid_request', 'settings and chosen must be objects.');
  end if;
  perform private.check_model_settings(coalesce(nullif(request -> 'chosen', 'null'), '{}') - 'model');
  if request ->> 'guidance' is not null and (
    turn_action <> 'regenerate'
    or char_length(request ->> 'guidance') not between 1 and max_guidance_characters
  ) then
    perform private.refuse(422, 'invalid_request', format(
      'guidance must have 1 to %s characters and belongs to regenerate.', max_guidance_characters));
  end if;
  perform private.check_instructions(jsonb_build_object('instructions', request -> 'instructions'));
  if request ->> 'instructions' is not null
    and coalesce(request ->> 'session_id', request ->> 'message_id') is not null
  then
    perform private.refuse(422, 'invalid_request',
      'instructions are for a new session: change those of this one with PATCH /sessions/{session_id}.');
  end if;
  if request ->> 'idempotency_key' is not null and (
    char_length(request ->> 'idempotency_key') not between 1 and 255
    or coalesce(request ->> 'request_hash', '') !~ '^[0-9a-f]{64}$'
  ) then
    perform private.refuse(422, 'invalid_request',
      'An idempotency key must have 1 to 255 characters, and a SHA-256 of the request beside it.');
  end if;
  if request ->> 'stream_id' is not null then
    if char_length(request ->> 'stream_id') not between 1 and 128 then
      perform private.refuse(422, 'invalid_request', 'stream_id must have 1 to 128 characters.');
    end if;
    if request ->> 'request_hash' !~ '^[0-9a-f]{64}$' then
      perform private.refuse(422, 'invalid_request',
        'request_hash must be the SHA-256 of the request in hexadecimal digits.');
    end if;
  end if;
end
$$;

revoke all on function private.check_turn_request(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_turn_request(jsonb) to service_role;
