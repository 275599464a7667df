-- A conversation's system prompt. If its character is visible, the character's own: its instructions or else
-- request.character_prompt, then its description; otherwise request.system_prompt. The caller's additions
-- (request.caller_instructions) come last. Returns the request with system_prompt and prompt, which is null
-- for texts that are not ours.
create function private.with_character(
  session public.sessions, companion public.characters, request jsonb
) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_bytes constant integer := 180000;
  own_prompt constant text := request ->> 'character_prompt';
  character_name constant text := private.spoken_name(companion);
  user_name text;
  system_prompt text := request ->> 'system_prompt';
begin
  if companion.character_id is not null then
    user_name := private.user_name(session);
    system_prompt := private.fill_in(
      concat_ws(E'\n\n',
        case when companion.system_prompt = '' then own_prompt
          else regexp_replace(companion.system_prompt, '\{\{\s*original\s*\}\}',
            replace(coalesce(own_prompt, ''), '\', '\\'), 'gi') end,
        nullif(companion.persona, ''),
        'Personality: ' || nullif(companion.personality, ''),
        'Scenario: ' || nullif(companion.scenario, ''),
        E'Examples of how {{char}} speaks, which are not part of the conversation:\n'
          || nullif(companion.example_dialogue, ''),
        nullif(companion.closing_instructions, '')),
      character_name, user_name);
    request := request || jsonb_build_object(
      'prompt', case when companion.system_prompt = '' then request -> 'character_prompt_label' end);
  end if;
  system_prompt := concat_ws(E'\n\n', system_prompt, request ->> 'caller_instructions');
  if octet_length(system_prompt) > max_bytes then
    perform private.refuse(422, 'invalid_request',
      'The system messages are too long for a prompt: send shorter ones.');
  end if;
  return request || jsonb_build_object('system_prompt', system_prompt);
end
$$;

revoke all on function private.with_character(public.sessions, public.characters, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.with_character(public.sessions, public.characters, jsonb)
to service_role;
