-- The endpoints that write characters.

-- Creates a character of the principal's: {principal, body: the columns that callers write}, of which only
-- the name is required, and `card` if it was imported.
create function public.save_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  companion public.characters;
begin
  companion.character_id := gen_random_uuid();
  companion.owner_id := principal_id;
  companion.name := '';
  companion.persona := '';
  companion.personality := '';
  companion.scenario := '';
  companion.example_dialogue := '';
  companion.system_prompt := '';
  companion.closing_instructions := '';
  companion.greeting := '';
  companion.alternative_greetings := '{}';
  companion.visibility := 'private';
  companion.created_at := clock_timestamp();
  companion.updated_at := companion.created_at;
  companion := private.change_character(companion, coalesce(request -> 'body', '{}'));
  perform private.check_character(companion);
  insert into public.characters values (companion.*);
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_character(companion), 201, private.version_of(companion.updated_at));
end
$$;

-- Changes the members in body: {principal, companion_id, if_match, body: as save_character's}.
create function public.update_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion public.characters := private.open_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  perform private.check_version(
    request ->> 'if_match', private.version_of(companion.updated_at));
  companion := private.change_character(companion, coalesce(request -> 'body', '{}'));
  perform private.check_character(companion);
  update public.characters
  set name = companion.name, persona = companion.persona, personality = companion.personality,
      scenario = companion.scenario, example_dialogue = companion.example_dialogue,
      system_prompt = companion.system_prompt,
      closing_instructions = companion.closing_instructions, greeting = companion.greeting,
      alternative_greetings = companion.alternative_greetings, model = companion.model,
      voice = companion.voice, avatar = companion.avatar, visibility = companion.visibility
  where character_id = companion.character_id
  returning * into companion;
  perform private.check_stored_bytes(companion.owner_id);
  return private.answer(
    private.describe_character(companion), etag => private.version_of(companion.updated_at));
end
$$;

-- Deletes a character: {principal, companion_id, if_match}. Conversations with it continue without it.
create function public.delete_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion constant public.characters := private.open_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  perform private.check_version(
    request ->> 'if_match', private.version_of(companion.updated_at));
  delete from public.characters where character_id = companion.character_id;
  return private.answer('{"message": "The character is deleted; conversations with it stay."}');
end
$$;

revoke all on function
  public.save_character(jsonb),
  public.update_character(jsonb),
  public.delete_character(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.save_character(jsonb),
  public.update_character(jsonb),
  public.delete_character(jsonb)
to service_role;
