-- A character for everybody who may see it: all of it except the card, which has its own export.
create function private.describe_character(companion public.characters) returns jsonb
language sql stable
return jsonb_build_object(
  'character_id', companion.character_id,
  'user_id', companion.owner_id,
  'name', companion.name,
  'persona', companion.persona,
  'personality', companion.personality,
  'scenario', companion.scenario,
  'example_dialogue', companion.example_dialogue,
  'system_prompt', companion.system_prompt,
  'closing_instructions', companion.closing_instructions,
  'greeting', companion.greeting,
  'alternative_greetings', to_jsonb(companion.alternative_greetings),
  'model', companion.model,
  'voice', companion.voice,
  'avatar', companion.avatar,
  'visibility', companion.visibility,
  'has_card', companion.card is not null,
  'created_at', private.iso(companion.created_at),
  'updated_at', private.iso(companion.updated_at));

-- Refuses a character that does not exist, or belongs to another user and is not public.
create function private.refuse_character() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such character: list the characters to see which there are.');
end
$$;

-- Refuses a character that cannot be stored.
create function private.check_character(companion public.characters) returns void
language plpgsql set search_path = '' as $$
begin
  if char_length(companion.name) not between 1 and 200 then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if octet_length(companion.persona) + octet_length(companion.personality)
    + octet_length(companion.scenario) + octet_length(companion.example_dialogue)
    + octet_length(companion.system_prompt) + octet_length(companion.closing_instructions) > 100000
  then
    perform private.refuse(422, 'invalid_request',
      'persona, personality, scenario, example_dialogue, system_prompt and closing_instructions '
        'must have 100000 bytes together at most: shorten one of them.');
  end if;
  if octet_length(companion.greeting) > 100000 then
    perform private.refuse(422, 'invalid_request', 'greeting must have 100000 bytes at most.');
  end if;
  if cardinality(companion.alternative_greetings) > 100
    or octet_length(array_to_string(companion.alternative_greetings, '')) > 400000
  then
    perform private.refuse(422, 'invalid_request',
      'alternative_greetings must be 100 texts at most, of 400000 bytes together.');
  end if;
  -- Without the spaces around it, it may be shorter than what was sent.
  if char_length(companion.avatar) not between 3 and 1024 then
    perform private.refuse(422, 'invalid_request',
      'avatar must name a picture in Supabase Storage, bucket/path, with 3 to 1024 characters.');
  end if;
end
$$;

-- The character with the changes in the body: absent members stay unchanged, null empties one.
create function private.change_character(companion public.characters, body jsonb)
returns public.characters
language plpgsql stable set search_path = '' as $$
declare
  text_columns constant text[] := array['persona', 'personality', 'scenario', 'example_dialogue',
    'system_prompt', 'closing_instructions', 'greeting'];
begin
  if body ->> 'name' is not null then
    companion.name := btrim(body ->> 'name');
  end if;
  companion := jsonb_populate_record(companion, (
    select coalesce(jsonb_object_agg(key, coalesce(body ->> key, '')), '{}')
    from unnest(text_columns) as key
    where body ? key));
  if body ? 'alternative_greetings' then
    companion.alternative_greetings := array(
      select jsonb_array_elements_text(
        coalesce(nullif(body -> 'alternative_greetings', 'null'), '[]')));
  end if;
  if body ? 'model' then companion.model := nullif(btrim(body ->> 'model'), ''); end if;
  if body ? 'voice' then companion.voice := nullif(btrim(body ->> 'voice'), ''); end if;
  if body ? 'avatar' then companion.avatar := nullif(btrim(body ->> 'avatar'), ''); end if;
  companion.visibility := coalesce(body ->> 'visibility', companion.visibility);
  if body ? 'card' then companion.card := nullif(body -> 'card', 'null'); end if;
  return companion;
end
$$;

-- The character, locked until the transaction ends, if the principal may change it.
create function private.open_character(principal_id uuid, wanted_id uuid)
returns public.characters
language plpgsql set search_path = '' as $$
declare
  companion public.characters := private.visible_character(principal_id, wanted_id);
begin
  if companion.owner_id <> principal_id then
    perform private.refuse(403, 'forbidden',
      'This character is another''s: make a copy of your own from its card, and change that.');
  end if;
  select * into companion from public.characters
  where character_id = wanted_id and owner_id = principal_id
  for no key update;
  if not found then
    perform private.refuse_character();
  end if;
  return companion;
end
$$;

revoke all on function
  private.describe_character(public.characters),
  private.refuse_character(),
  private.check_character(public.characters),
  private.change_character(public.characters, jsonb),
  private.open_character(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_character(public.characters),
  private.refuse_character(),
  private.check_character(public.characters),
  private.change_character(public.characters, jsonb),
  private.open_character(uuid, uuid)
to service_role;
