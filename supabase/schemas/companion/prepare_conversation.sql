-- Prepares a conversation with a companion for a turn's message.

-- The character's greetings with names filled in, the first one first.
create function private.greetings_of(session public.sessions, companion public.characters)
returns text[]
language sql stable
return (
  select array_agg(
    private.fill_in(greeting, private.spoken_name(companion), private.user_name(session))
    order by number)
  from unnest(companion.greeting || companion.alternative_greetings)
    with ordinality as listed (greeting, number)
  where greeting <> '');

-- Refuses a greeting that the character does not have.
create function private.refuse_greeting(greeting_count integer) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(422, 'invalid_request', case greeting_count
    when 0 then 'This character has no greeting: leave greeting_index out.'
    else format('greeting_index must be 0 to %s, which are the greetings of this character.',
      greeting_count - 1) end);
end
$$;

-- Stores the session's character, the word for its user, and the messages before the turn's: in a new
-- conversation the character's greeting, or the earlier messages according to the caller; in an existing one
-- those of these messages that it lacks. The session is locked; returns the changed session. `stored_at` is
-- the time of the stored messages.
create function private.prepare_conversation(
  session public.sessions, request jsonb, stored_at timestamptz
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'character_id');
  given jsonb := coalesce(nullif(request -> 'given', 'null'), '[]');
  greeting_index constant integer := (request ->> 'greeting_index')::integer;
  is_new constant boolean := session.message_count = 0 and session.last_epoch = 0;
  greetings text[];
  said jsonb;
begin
  if session.character_id <> wanted_id then
    perform private.refuse(422, 'invalid_request',
      'character_id is not the character of this conversation: leave it out, or begin a new one.');
  end if;
  session.character_id := coalesce(session.character_id, wanted_id);
  session.user_word := coalesce(request ->> 'user_word', session.user_word);
  if is_new and given = '[]' then
    greetings := coalesce(private.greetings_of(session,
      private.visible_character(session.owner_id, session.character_id)), '{}');
    if greeting_index >= cardinality(greetings) then
      perform private.refuse_greeting(cardinality(greetings));
    end if;
    if greetings <> '{}' then
      session := private.append_message(
        session, 'assistant', greetings[coalesce(greeting_index, 0) + 1],
        jsonb_build_object('greeting_index', coalesce(greeting_index, 0)), stored_at);
    end if;
  else
    if not is_new then
      given := private.new_given_messages(session, given);
    end if;
    for said in select value from jsonb_array_elements(given) loop
      session := private.append_message(
        session, said ->> 'role', said ->> 'content', '{"is_given": true}', stored_at);
    end loop;
  end if;
  update public.sessions
  set character_id = session.character_id, user_word = session.user_word,
      active_leaf_id = session.active_leaf_id, message_count = session.message_count,
      turn_count = session.turn_count
  where session_id = session.session_id
    and (character_id, user_word, active_leaf_id, message_count) is distinct from
      (session.character_id, session.user_word, session.active_leaf_id, session.message_count);
  return session;
end
$$;

-- begin_turn's answer about a conversation with a companion: {kind, character}, where character is null for
-- none, and only the id of an unknown one.
create function private.describe_companion(
  session public.sessions, companion public.characters
) returns jsonb
language sql stable
return jsonb_build_object(
  'kind', session.kind,
  'character', case when session.character_id is not null then jsonb_build_object(
    'character_id', session.character_id,
    'is_known', companion.character_id is not null,
    'name', companion.name,
    'model', companion.model,
    'voice', companion.voice) end);

revoke all on function
  private.greetings_of(public.sessions, public.characters),
  private.refuse_greeting(integer),
  private.prepare_conversation(public.sessions, jsonb, timestamptz),
  private.describe_companion(public.sessions, public.characters)
from public, anon, authenticated, service_role;
grant execute on function
  private.greetings_of(public.sessions, public.characters),
  private.refuse_greeting(integer),
  private.prepare_conversation(public.sessions, jsonb, timestamptz),
  private.describe_companion(public.sessions, public.characters)
to service_role;
