-- Companions: characters, and conversations with them.

-- Companions' characters: who speaks, and how the conversation begins. Texts are templates, in which
-- {{char}} and {{user}} stand for names; they are filled in when a prompt or a greeting is made.
create table public.characters (
  character_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  persona text not null default '',
  personality text not null default '',
  scenario text not null default '',
  example_dialogue text not null default '',
  -- Replaces the deployment's text, which {{original}} stands for; empty: that text alone.
  system_prompt text not null default '',
  -- What the model is reminded of after all that has been told about the character.
  closing_instructions text not null default '',
  -- The conversation's first message; empty: the user speaks first.
  greeting text not null default '' check (octet_length(greeting) <= 100000),
  alternative_greetings text[] not null default '{}',
  -- As requests name it, provider:model; null: the deployment's choice.
  model text check (char_length(model) between 1 and 256),
  voice text check (char_length(voice) between 1 and 200),
  -- Where the picture is in Storage, bucket/path.
  avatar text check (char_length(avatar) between 3 and 1024),
  visibility text not null default 'private' check (visibility in ('private', 'public')),
  -- The card that the character was imported from, with all that this table has no column for.
  card jsonb check (jsonb_typeof(card) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint characters_fit_a_prompt check (
    octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt)
      + octet_length(closing_instructions) <= 100000),
  constraint characters_have_few_greetings check (
    cardinality(alternative_greetings) <= 100
    and array_position(alternative_greetings, null) is null
    and octet_length(array_to_string(alternative_greetings, '')) <= 400000)
);

-- A principal's characters, newest first.
create index characters_of_owner on public.characters (owner_id, created_at desc, character_id);
-- Everybody's characters, newest first, and how many are another's.
create index public_characters on public.characters (created_at desc, character_id)
  include (owner_id) where visibility = 'public';

alter table public.characters enable row level security;

create policy own_characters_are_readable on public.characters for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.characters
  for each row execute function private.hold_owner();

create trigger touch_updated_at before update on public.characters
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

alter table public.sessions add column character_id uuid;
alter table public.sessions
  add column user_word text check (char_length(user_word) between 1 and 64);

create index sessions_with_character on public.sessions (owner_id, character_id, last_message_at desc)
  where character_id is not null;

-- Conversations with companions whose rows are gone, with their account perhaps, and whose snapshots in
-- Storage are still to be deleted (wasm/engine/snapshots.hpp). An id says nothing of anybody.
create table public.deleted_snapshots (
  conversation_id uuid primary key,
  -- When it is tried again.
  try_after timestamptz not null default now()
);

comment on table public.deleted_snapshots is 'Files to delete. Not readable over REST.';

create index deleted_snapshots_due on public.deleted_snapshots (try_after);

alter table public.deleted_snapshots enable row level security;

-- The character, if the principal may talk to it: an own one, or a public one; nulls otherwise.
create function private.visible_character(principal_id uuid, wanted_id uuid)
returns public.characters
language sql stable set search_path = '' as $$
  select * from public.characters
  where character_id = wanted_id and (owner_id = principal_id or visibility = 'public');
$$;

revoke all on function private.visible_character(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.visible_character(uuid, uuid) to service_role;

-- A character's texts with names in them.

-- What {{char}} stands for: the nickname that the card gives, or the name.
create function private.spoken_name(companion public.characters) returns text
language sql immutable parallel safe
return coalesce(
  nullif(pg_catalog.left(pg_catalog.btrim(case pg_catalog.jsonb_typeof(companion.card #> '{data,nickname}')
    when 'string' then companion.card #>> '{data,nickname}' end), 200), ''),
  companion.name);

-- The text with {{char}} and {{user}}, also <BOT> and <USER>, replaced, however they are written. A text that
-- the names make many times as long is cut.
create function private.fill_in(template text, character_name text, user_name text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  max_bytes constant integer := 160000;
  -- Four bytes are the most that a character has.
  max_characters constant integer := 40000;
  filled text := template;
begin
  if template ~* '\{\{|<(bot|user)>' then
    filled := regexp_replace(
      filled, '\{\{\s*char\s*\}\}|<bot>', replace(character_name, '\', '\\'), 'gi');
    filled := regexp_replace(
      filled, '\{\{\s*user\s*\}\}|<user>', replace(user_name, '\', '\\'), 'gi');
  end if;
  return case when octet_length(filled) > max_bytes then left(filled, max_characters)
    else filled end;
end
$$;

-- What the session's owner is called: the profile's name, or the word for somebody without one.
create function private.user_name(session public.sessions) returns text
language sql stable
return coalesce(
  nullif(btrim((
    select display_name from public.profiles where owner_id = session.owner_id)), ''),
  session.user_word, 'User');

revoke all on function
  private.spoken_name(public.characters),
  private.fill_in(text, text, text),
  private.user_name(public.sessions)
from public, anon, authenticated, service_role;
grant execute on function
  private.spoken_name(public.characters),
  private.fill_in(text, text, text),
  private.user_name(public.sessions)
to service_role;

-- A conversation's system prompt. Where its character can be seen, the character's own: its instructions or
-- else request.character_prompt, then what is told about it; otherwise request.system_prompt. What the caller
-- adds (request.caller_instructions) comes last. Returns the request with system_prompt and prompt, which is
-- null for texts that are not ours.
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

-- Messages that a conversation has without a turn: a greeting, and what the caller says was said before.

-- Adds the message to the end of the path. Returns the session as it is then; the caller has locked it.
create function private.append_message(
  session public.sessions, speaker text, said text, metadata jsonb, said_at timestamptz
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  leaf public.messages;
  added public.messages;
begin
  select * into leaf from public.messages where message_id = session.active_leaf_id;
  insert into public.messages (
    session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content, metadata,
    created_at, updated_at)
  values (
    session.session_id, session.owner_id, leaf.message_id,
    -- A reply belongs to the turn of its question.
    case when speaker = 'assistant' and leaf.role = 'user' then leaf.turn_id
      else gen_random_uuid() end,
    case when speaker = 'user' then session.turn_count + 1
      else coalesce(leaf.turn_number, 1) end,
    session.message_count + 1, coalesce(leaf.depth, 0) + 1, speaker, said, metadata, said_at, said_at)
  returning * into added;
  session.active_leaf_id := added.message_id;
  session.message_count := added.position;
  if speaker = 'user' then
    session.turn_count := added.turn_number;
  end if;
  return session;
end
$$;

-- What is new of [{role, content}]: what comes after the last one that the path has too, in the same order.
-- Only the newest messages of the path are looked at, in proportion to what is given.
create function private.new_given_messages(session public.sessions, given jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  given_count constant integer := jsonb_array_length(given);
  known text[];
  known_count integer;
  place integer := 0;
  found_at integer;
  last_known integer := 0;
begin
  with recursive path as (
    select parent_id, role, content, 1 as steps
    from public.messages
    where message_id = session.active_leaf_id
    union all
    select parent.parent_id, parent.role, parent.content, path.steps + 1
    from path
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = path.parent_id limit 1
    ) parent
    where path.steps < given_count * 2 + 20
  )
  select array_agg(role || ' ' || md5(btrim(content)) order by steps desc) into known from path;
  known_count := coalesce(cardinality(known), 0);
  for number in 1..given_count loop
    found_at := place + array_position(
      known[place + 1:known_count],
      (given -> (number - 1) ->> 'role') || ' ' || md5(btrim(given -> (number - 1) ->> 'content')));
    if found_at is not null then
      place := found_at;
      last_known := number;
    end if;
  end loop;
  return (
    select coalesce(jsonb_agg(said.value order by said.number), '[]')
    from jsonb_array_elements(given) with ordinality as said (value, number)
    where said.number > last_known);
end
$$;

revoke all on function
  private.append_message(public.sessions, text, text, jsonb, timestamptz),
  private.new_given_messages(public.sessions, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.append_message(public.sessions, text, text, jsonb, timestamptz),
  private.new_given_messages(public.sessions, jsonb)
to service_role;

-- A conversation with a companion before a turn's message.

-- The character's greetings with names in them, the first one first.
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

-- Stores the session's character, the word for its user, and what comes before the turn's message: of a new
-- conversation the character's greeting, or the messages that the caller says were said before; of an old one
-- those of these messages that it lacks. The session is locked; returns it as it is then. `stored_at` is when
-- what is stored was said.
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

-- What begin_turn answers about a conversation with a companion: {kind, character}, where character is null
-- for none and says of an unknown one nothing but its id.
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

-- Conversations with companions as their owners see them.

-- As lists have it; last_message_preview describes the path's newest message.
create function private.describe_conversation(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'id', session.session_id,
    'user_id', session.owner_id,
    'character_id', session.character_id,
    'title', session.title,
    'message_count', coalesce(leaf.depth, 0),
    'last_message_preview', left(leaf.content, 200),
    'created_at', private.iso(session.created_at),
    'updated_at', private.iso(session.last_message_at))
  from (select session.active_leaf_id) described
  left join public.messages leaf on leaf.message_id = described.active_leaf_id);

-- Its newest messages on the path, the oldest of them first, in the form of the original service: [{role,
-- content, timestamp}], and which message each is. At most three million bytes of text, which is what an
-- answer to the edge has room for.
create function private.conversation_messages(session public.sessions, max_messages integer)
returns jsonb
language sql stable set search_path = '' as $$
  with recursive path as (
    select message_id, parent_id, role, content, is_complete, created_at, 1 as steps,
      octet_length(content) as bytes
    from public.messages
    where message_id = session.active_leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.role, parent.content, parent.is_complete,
      parent.created_at, path.steps + 1, path.bytes + octet_length(parent.content)
    from path
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = path.parent_id limit 1
    ) parent
    where path.steps < max_messages and path.bytes + octet_length(parent.content) <= 3000000
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'role', role,
    'content', content,
    'timestamp', private.iso(created_at),
    'message_id', message_id,
    'is_complete', is_complete) order by steps desc), '[]')
  from path;
$$;

-- The whole conversation.
create function private.conversation_body(session public.sessions, max_messages integer)
returns jsonb
language sql stable
return private.describe_conversation(session) || jsonb_build_object(
  'character_known', (
    private.visible_character(session.owner_id, session.character_id)).character_id is not null,
  'messages', private.conversation_messages(session, max_messages));

-- Refuses a conversation that does not exist, is deleted, or belongs to somebody else.
create function private.refuse_conversation() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such conversation: list the conversations to see which there are.');
end
$$;

-- The conversation, locked until the transaction ends, if the principal may change it.
create function private.open_conversation(principal_id uuid, wanted_id uuid)
returns public.sessions
language plpgsql set search_path = '' as $$
declare
  opened public.sessions;
begin
  select * into opened from public.sessions
  where session_id = wanted_id and owner_id = principal_id and kind = 'companion' and is_active
  for no key update;
  if not found then
    perform private.refuse_conversation();
  end if;
  return opened;
end
$$;

revoke all on function
  private.describe_conversation(public.sessions),
  private.conversation_messages(public.sessions, integer),
  private.conversation_body(public.sessions, integer),
  private.refuse_conversation(),
  private.open_conversation(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_conversation(public.sessions),
  private.conversation_messages(public.sessions, integer),
  private.conversation_body(public.sessions, integer),
  private.refuse_conversation(),
  private.open_conversation(uuid, uuid)
to service_role;

-- The endpoints for conversations with companions.

-- Begins a conversation: {principal, body: {character_id, greeting_index, title, user_word}}, all optional;
-- the body is the conversation, which begins with the character's greeting if it has one.
create function public.start_conversation(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := coalesce(request -> 'body', '{}');
  companion constant public.characters := private.visible_character(
    principal_id, private.read_id(body, 'character_id'));
  session public.sessions;
begin
  insert into public.sessions (owner_id, kind, title)
  values (principal_id, 'companion', coalesce(
    nullif(btrim(body ->> 'title'), ''), companion.name, 'New conversation'))
  returning * into session;
  -- Later than the session: what was made before a turn is not the turn's to withdraw (withdraw_turn.sql).
  session := private.prepare_conversation(session, body - 'given', clock_timestamp());
  return private.answer(private.conversation_body(session, 1), 201);
end
$$;

-- A conversation: {principal, conversation_id, query: {limit}}.
create function public.read_conversation(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_messages constant integer := 1000;
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'conversation_id');
  row_count constant integer := least(greatest(
    coalesce((request #>> '{query,limit}')::integer, max_messages), 1), max_messages);
  session public.sessions;
begin
  perform private.act_as(principal_id);
  select * into session from public.sessions
  where session_id = wanted_id and kind = 'companion' and is_active;
  perform set_config('role', own_role, true);
  if session.session_id is null then
    perform private.refuse_conversation();
  end if;
  return private.answer(private.conversation_body(session, row_count));
end
$$;

-- The principal's conversations, newest first: {principal, query: {limit, offset, character_id}}.
create function public.list_conversations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_character_id constant uuid := private.read_id(query, 'character_id');
  conditions text := $sql$owner_id = $1 and is_active and kind = 'companion'$sql$;
  sessions public.sessions[];
  total bigint;
begin
  if wanted_character_id is not null then
    conditions := conditions || ' and character_id = $2';
  end if;
  perform private.act_as(principal_id);
  -- Put together, so that each list is planned for what it asks.
  execute format($sql$
    select
      (select count(*) from public.sessions where %1$s),
      array(
        select session from public.sessions session
        where %1$s
        order by last_message_at desc, session_id
        limit $3 offset $4)
    $sql$, conditions)
  into total, sessions
  using principal_id, wanted_character_id, row_count, first_row;
  perform set_config('role', own_role, true);
  return private.answer_page(
    (select jsonb_agg(private.describe_conversation(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

-- Deletes a conversation: {principal, conversation_id}. A reply that is being written in it is asked to stop.
create function public.delete_conversation(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  session constant public.sessions := private.open_conversation(
    private.resolve_principal(request -> 'principal'),
    private.read_id(request, 'conversation_id'));
begin
  update public.sessions set is_active = false where session_id = session.session_id;
  update public.generations set cancel_requested = true
  where session_id = session.session_id and status = 'streaming';
  return private.answer('{"message": "The conversation is deleted."}');
end
$$;

-- Lets a conversation begin with another of the character's greetings, while nothing has been answered:
-- {principal, conversation_id, body: {greeting_index}}; the body is the conversation.
create function public.choose_greeting(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  session public.sessions := private.open_conversation(
    principal_id, private.read_id(request, 'conversation_id'));
  greeting_index constant integer := (request #>> '{body,greeting_index}')::integer;
  greetings text[];
  chosen_id uuid;
begin
  if exists (
      select from public.messages
      where session_id = session.session_id and role = 'assistant' and parent_id is not null)
    or exists (
      select from public.generations
      where session_id = session.session_id and status = 'streaming')
  then
    perform private.refuse(422, 'invalid_request',
      'This conversation has gone on already: begin a new one with another greeting.');
  end if;
  greetings := coalesce(private.greetings_of(session,
    private.visible_character(principal_id, session.character_id)), '{}');
  if coalesce(greeting_index, -1) not between 0 and cardinality(greetings) - 1 then
    perform private.refuse_greeting(cardinality(greetings));
  end if;
  select message_id into chosen_id from public.messages
  where session_id = session.session_id and parent_id is null and role = 'assistant'
    and metadata -> 'greeting_index' = to_jsonb(greeting_index)
  order by position
  limit 1;
  if chosen_id is null then
    session.active_leaf_id := null;
    session := private.append_message(
      session, 'assistant', greetings[greeting_index + 1],
      jsonb_build_object('greeting_index', greeting_index), clock_timestamp());
  else
    session.active_leaf_id := chosen_id;
  end if;
  update public.sessions
  set active_leaf_id = session.active_leaf_id, message_count = session.message_count
  where session_id = session.session_id;
  return private.answer(private.conversation_body(session, 1));
end
$$;

revoke all on function
  public.start_conversation(jsonb),
  public.read_conversation(jsonb),
  public.list_conversations(jsonb),
  public.delete_conversation(jsonb),
  public.choose_greeting(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.start_conversation(jsonb),
  public.read_conversation(jsonb),
  public.list_conversations(jsonb),
  public.delete_conversation(jsonb),
  public.choose_greeting(jsonb)
to service_role;

-- A character as who may see it sees it: all of it, but for the card, which is exported by itself.
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

-- The answer of functions about a character that is not there, or is another's and not public.
create function private.refuse_character() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such character: list the characters to see which there are.');
end
$$;

-- Refuses a character that could not be stored.
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
end
$$;

-- The character with what the body has: what is absent stays, null empties.
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

-- The endpoints that write characters.

-- A new character of the principal's: {principal, body: the columns that callers write}, of which only the
-- name must be there, and `card` if it was imported.
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
  return private.answer(
    private.describe_character(companion), 201, private.version_of(companion.updated_at));
end
$$;

-- Changes what body has: {principal, companion_id, if_match, body: as save_character's}.
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
  return private.answer(
    private.describe_character(companion), etag => private.version_of(companion.updated_at));
end
$$;

-- Removes a character: {principal, companion_id, if_match}. Conversations with it stay, and go on without it.
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

-- The endpoints that read characters.

-- A character of the principal's, or a public one: {principal, companion_id}.
create function public.read_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion constant public.characters := private.visible_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  if companion.character_id is null then
    perform private.refuse_character();
  end if;
  return private.answer(
    private.describe_character(companion), etag => private.version_of(companion.updated_at));
end
$$;

-- The same with the card that it was imported from, for the edge, which makes a card of both: {principal,
-- companion_id}; returns {character, card | null}.
create function public.read_character_card(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion constant public.characters := private.visible_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  if companion.character_id is null then
    perform private.refuse_character();
  end if;
  return jsonb_build_object(
    'character', private.describe_character(companion), 'card', companion.card);
end
$$;

-- The principal's characters and everybody's, newest first: {principal, query: {limit, offset}}.
create function public.list_characters(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  page jsonb;
  total bigint;
begin
  -- Each of the two indexes is in the order of the list, and read as far as the page; one condition
  -- for both would sort all.
  select
    (select count(*) from public.characters where owner_id = principal_id)
      + (select count(*) from public.characters
         where visibility = 'public' and owner_id <> principal_id),
    (select jsonb_agg(private.describe_character(companion)
       order by companion.created_at desc, companion.character_id)
    from (
      select visible.character_id
      from (
        (
          select own.character_id, own.created_at from public.characters own
          where own.owner_id = principal_id
          order by own.created_at desc, own.character_id
          limit first_row + row_count
        )
        union all
        (
          select others.character_id, others.created_at from public.characters others
          where others.visibility = 'public' and others.owner_id <> principal_id
          order by others.created_at desc, others.character_id
          limit first_row + row_count
        )
      ) visible
      order by visible.created_at desc, visible.character_id
      limit row_count offset first_row
    ) listed
    cross join lateral (
      select * from public.characters whole where whole.character_id = listed.character_id limit 1
    ) companion)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function
  public.read_character(jsonb),
  public.read_character_card(jsonb),
  public.list_characters(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.read_character(jsonb),
  public.read_character_card(jsonb),
  public.list_characters(jsonb)
to service_role;

-- The request for a turn about a message of another kind of conversation than the request's: chat's routes for
-- messages serve all conversations that are trees. What begin_turn's `kinds` has of that kind takes the place
-- of the request's own members, and what is chat's alone is left out.
create function private.request_of_kind(principal_id uuid, request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_message_id constant uuid := private.read_id(request, 'message_id');
  found_kind text;
begin
  if wanted_message_id is null or request -> 'kinds' is null then
    return request;
  end if;
  select session.kind into found_kind
  from public.sessions session
  where session.session_id = private.session_of_message(principal_id, wanted_message_id);
  if not request -> 'kinds' ? found_kind then
    return request;
  end if;
  return request
    - array['dossier', 'dossier_heading', 'extract', 'task_prompts', 'task_prompt_labels']
    || jsonb_build_object('kind', found_kind)
    || (request -> 'kinds' -> found_kind);
end
$$;

revoke all on function private.request_of_kind(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.request_of_kind(uuid, jsonb) to service_role;

-- The table that the original service had for its conversations.
create view public.chats with (security_invoker = true) as
select session_id as id, owner_id as user_id, character_id, last_message_at as updated_at
from public.sessions
where kind = 'companion' and is_active;

create trigger refuse_writing instead of insert or update or delete on public.chats
  for each row execute function private.refuse_writing();

-- What to write (jobs/has_job_hook.sql): {conversation_id, snapshot}, where snapshot is the conversation in the
-- form of the original service, and null if it is deleted.
create function private.conversation_snapshot_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 5000;
  session public.sessions;
begin
  select * into session from public.sessions where session_id = job.session_id;
  if not session.is_active then
    return jsonb_build_object('conversation_id', session.session_id, 'snapshot', null);
  end if;
  return jsonb_build_object(
    'conversation_id', session.session_id,
    'snapshot', jsonb_build_object(
      'id', session.session_id,
      'user_id', session.owner_id,
      'character_id', session.character_id,
      'title', session.title,
      'created_at', private.iso(session.created_at),
      'updated_at', private.iso(session.last_message_at),
      'messages', (
        select coalesce(jsonb_agg(
          message.value - array['message_id', 'is_complete'] order by message.place), '[]')
        from jsonb_array_elements(private.conversation_messages(session, max_messages))
          with ordinality as message (value, place))));
end
$$;

revoke all on function private.conversation_snapshot_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.conversation_snapshot_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- When the snapshot of a conversation with a companion is written, or deleted.

-- Adds the job that writes the conversation's snapshot, or puts off the one that is planned, so that a busy
-- conversation is written once. The session is locked.
create function private.plan_snapshot(session public.sessions) returns void
language plpgsql set search_path = '' as $$
declare
  -- Nearly always the reply has ended by then.
  pause constant interval := '10 seconds';
begin
  perform private.add_job(jsonb_build_object(
    'kind', 'conversation_snapshot', 'owner_id', session.owner_id,
    'session_id', session.session_id, 'merge_key', 'session', 'kept_for', '1 hour',
    'run_after', clock_timestamp() + pause));
end
$$;

create function private.plan_snapshot_of_session() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.plan_snapshot(new);
  return null;
end
$$;

create function private.plan_snapshot_of_message() returns trigger
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = new.session_id;
  if session.kind = 'companion' then
    perform private.plan_snapshot(session);
  end if;
  return null;
end
$$;

create function private.plan_deletion_of_snapshot() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.deleted_snapshots (conversation_id) values (old.session_id)
  on conflict do nothing;
  return null;
end
$$;

revoke all on function
  private.plan_snapshot(public.sessions),
  private.plan_snapshot_of_session(),
  private.plan_snapshot_of_message(),
  private.plan_deletion_of_snapshot()
from public, anon, authenticated, service_role;
grant execute on function private.plan_snapshot(public.sessions) to service_role;

create trigger plan_snapshot after update of active_leaf_id, is_active on public.sessions
  for each row when (new.kind = 'companion'
    and (old.active_leaf_id, old.is_active) is distinct from (new.active_leaf_id, new.is_active))
  execute function private.plan_snapshot_of_session();

create trigger plan_snapshot after update of content on public.messages
  for each row when (old.content <> new.content)
  execute function private.plan_snapshot_of_message();

create trigger plan_deletion_of_snapshot after delete on public.sessions
  for each row when (old.kind = 'companion')
  execute function private.plan_deletion_of_snapshot();

-- The time that a snapshot says, which is UTC if it names no zone; null for what is none.
create function private.read_moment(value text) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  if value !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d' then
    return null;
  end if;
  return case when value ~ '(Z|[+-]\d\d(:?\d\d)?)$' then value::timestamptz
    else (value || 'Z')::timestamptz end;
exception when others then
  return null;
end
$$;

-- Brings a conversation back from its snapshot: {principal, conversation_id, snapshot, is_server}; the body is
-- the conversation, with 201 if its rows were gone. A snapshot that names a user is for that user, or for the
-- account that the guest has moved to; one that names nobody only for a server that acts for the principal.
create function public.restore_conversation(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_messages constant integer := 1000;
  max_content_bytes constant integer := 4194304;
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'conversation_id');
  snapshot constant jsonb := nullif(request -> 'snapshot', 'null');
  owner_text constant text := lower(snapshot ->> 'user_id');
  character_text constant text := lower(snapshot ->> 'character_id');
  uuid_pattern constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  session public.sessions;
  said record;
  said_at timestamptz;
begin
  select * into session from public.sessions where session_id = wanted_id for no key update;
  if found then
    if session.owner_id <> principal_id or session.kind <> 'companion' then
      perform private.refuse_conversation();
    end if;
    if not session.is_active then
      update public.sessions set is_active = true where session_id = wanted_id
      returning * into session;
    end if;
    return private.answer(private.conversation_body(session, max_messages));
  end if;
  if snapshot is null or jsonb_typeof(snapshot -> 'messages') is distinct from 'array'
    or (case
      when owner_text = principal_id::text then false
      when owner_text ~ uuid_pattern then not exists (
        select from public.principals where id = owner_text::uuid and migrated_to = principal_id)
      else (request ->> 'is_server')::boolean is not true
    end)
  then
    perform private.refuse_conversation();
  end if;

  said_at := coalesce(private.read_moment(snapshot ->> 'created_at'), clock_timestamp());
  insert into public.sessions (
    session_id, owner_id, kind, title, character_id, created_at, last_message_at)
  values (
    wanted_id, principal_id, 'companion',
    coalesce(nullif(btrim(left(snapshot ->> 'title', 200)), ''), 'Restored conversation'),
    case when character_text ~ uuid_pattern then character_text::uuid end,
    said_at, said_at)
  on conflict do nothing
  returning * into session;
  if session.session_id is null then
    perform private.refuse_conversation();
  end if;
  delete from public.deleted_snapshots where conversation_id = wanted_id;
  for said in
    select value ->> 'role' as role, value ->> 'content' as content,
      private.read_moment(value ->> 'timestamp') as at
    from jsonb_array_elements(snapshot -> 'messages')
  loop
    -- What the system says is said anew with each prompt.
    continue when said.role is null or said.role not in ('user', 'assistant')
      or coalesce(said.content, '') = '' or octet_length(said.content) > max_content_bytes;
    -- In order, whatever the clocks said.
    said_at := greatest(said_at, said.at);
    session := private.append_message(
      session, said.role, said.content, '{"is_given": true, "is_restored": true}', said_at);
  end loop;
  update public.sessions
  set active_leaf_id = session.active_leaf_id, message_count = session.message_count,
      turn_count = session.turn_count,
      last_message_at = greatest(said_at, private.read_moment(snapshot ->> 'updated_at'))
  where session_id = wanted_id
  returning * into session;
  return private.answer(private.conversation_body(session, max_messages), 201);
end
$$;

revoke all on function
  private.read_moment(text),
  public.restore_conversation(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_moment(text),
  public.restore_conversation(jsonb)
to service_role;

-- Snapshots to delete: {limit}; returns {ids}. Background work calls it, for nobody. Those that it takes are
-- not taken again for a while, unless forget_deleted_snapshots says that they are gone.
create function public.take_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_rows constant integer := 100;
  pause constant interval := '10 minutes';
  taken uuid[];
begin
  with due as (
    select conversation_id from public.deleted_snapshots
    where try_after <= clock_timestamp()
    order by try_after
    limit least(coalesce((request ->> 'limit')::integer, max_rows), max_rows)
    for no key update skip locked
  ),
  marked as (
    update public.deleted_snapshots
    set try_after = clock_timestamp() + pause
    from due
    where deleted_snapshots.conversation_id = due.conversation_id
    returning deleted_snapshots.conversation_id
  )
  select array_agg(conversation_id) into taken from marked;
  return jsonb_build_object('ids', to_jsonb(coalesce(taken, '{}')));
end
$$;

-- These are gone: {ids}.
create function public.forget_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  delete from public.deleted_snapshots
  where conversation_id in (
    select value::uuid from jsonb_array_elements_text(request -> 'ids'));
  return '{}';
end
$$;

revoke all on function
  public.take_deleted_snapshots(jsonb),
  public.forget_deleted_snapshots(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.take_deleted_snapshots(jsonb),
  public.forget_deleted_snapshots(jsonb)
to service_role;

-- Makes a guest: {principal: {kind: new_guest, token_hash}, caller: a guest who is to be known | null}; returns
-- {user_id, expires_at}.
create function public.create_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
begin
  if request ->> 'caller' is not null then
    perform private.require_current(private.find_principal(request -> 'caller'));
  end if;
  return (
    select jsonb_build_object('user_id', id, 'expires_at', private.iso(expires_at))
    from public.principals where id = principal_id);
end
$$;

revoke all on function public.create_guest(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_guest(jsonb) to service_role;

create or replace function private.find_principal(caller jsonb) returns public.principals
language plpgsql stable set search_path = '' as $$
declare
  principal public.principals;
begin
  case caller ->> 'kind'
    when 'user' then
      select * into principal from public.principals
      where id = private.read_id(caller, 'subject') and kind = 'user';
    when 'external' then
      select * into principal from public.principals
      where issuer = caller ->> 'issuer' and subject = caller ->> 'subject' and kind = 'external';
    when 'new_guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash';
    when 'guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash' and expires_at > clock_timestamp();
    when 'named' then
      select * into principal from public.principals where id = private.read_id(caller, 'subject');
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest, new_guest or named.');
  end case;
  return principal;
end
$$;

create or replace function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select private.read_id(caller, 'subject'), 'user', 'supabase',
        private.read_id(caller, 'subject')::text, null, null
      where caller ->> 'kind' = 'named'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + guest_lifetime
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse(401, 'invalid_token',
        'This account has been deleted: sign up again, or go on without it as a new guest.');
    end if;
    principal := private.find_principal(caller);
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

create or replace function private.identity_hash(caller jsonb) returns text
language sql immutable parallel safe
return pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
  case
    when caller ->> 'kind' in ('user', 'named') then
      pg_catalog.jsonb_build_array('user', pg_catalog.lower(caller ->> 'subject'))
    when caller ->> 'kind' = 'external' then
      pg_catalog.jsonb_build_array('external', caller ->> 'issuer', caller ->> 'subject')
    else pg_catalog.jsonb_build_array('guest', caller ->> 'token_hash')
  end::text, 'UTF8')), 'hex');

create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.characters where owner_id = principal_id order by character_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  return true;
end
$$;

create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.characters set owner_id = account_id where owner_id = guest_id;
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

create or replace function private.open_session(
  principal_id uuid, session_kind text, wanted_session_id uuid, wanted_external_id text,
  wanted_project_id uuid, new_title text
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  session_is_visible boolean;
  project_is_visible boolean;
  project_of_session uuid := wanted_project_id;
  opened public.sessions;
begin
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions
    where session_id = wanted_session_id and kind = session_kind and is_active);
  project_is_visible := exists (
    select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);

  if wanted_session_id is not null and not session_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such session: leave session_id out to begin a new one.');
  end if;
  if wanted_project_id is not null and not project_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such project: leave project_id out to begin a new one.');
  end if;

  if wanted_session_id is null and wanted_external_id is null then
    if project_of_session is null and session_kind = 'chat' then
      insert into public.projects (owner_id, name) values (principal_id, new_title)
      returning project_id into project_of_session;
    end if;
    insert into public.sessions (owner_id, project_id, kind, title)
    values (principal_id, project_of_session, session_kind, new_title)
    returning * into opened;
    return opened;
  end if;

  if wanted_external_id is null then
    -- Read again, because it may have changed before it was locked.
    select * into opened from public.sessions
    where session_id = wanted_session_id and owner_id = principal_id and is_active
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found',
        'There is no such session: leave session_id out to begin a new one.');
    end if;
  end if;
  -- Repeated as often as necessary: between reading and inserting another first turn may insert it, and
  -- between inserting and reading a deletion may remove it.
  while opened.session_id is null loop
    select * into opened from public.sessions
    where owner_id = principal_id and kind = session_kind and external_id = wanted_external_id
      and is_active
    for no key update;
    if not found then
      insert into public.sessions (owner_id, project_id, kind, external_id, title)
      values (principal_id, wanted_project_id, session_kind, wanted_external_id, new_title)
      on conflict (owner_id, kind, external_id) where external_id is not null and is_active
        do nothing
      returning * into opened;
    end if;
  end loop;
  if wanted_project_id is not null and wanted_project_id is distinct from opened.project_id then
    perform private.refuse(422, 'invalid_request',
      'project_id is not the project of this session: leave it out, or begin a new session.');
  end if;
  return opened;
end
$$;

create or replace function private.read_history(
  principal_id uuid, leaf_id uuid, budget_tokens integer,
  out messages jsonb, out from_depth integer
)
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  own_role constant text := current_setting('role');
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select leaf.parent_id, leaf.depth, leaf.role, leaf.content, 1 as steps,
      budget_tokens - private.estimate_tokens(leaf.content) as tokens_left
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.parent_id, parent.depth, parent.role, parent.content, child.steps + 1,
      child.tokens_left - private.estimate_tokens(parent.content)
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.tokens_left > 0 and child.steps < max_messages
  ),
  fitting as (
    select depth, role, content from path where tokens_left >= 0 and content <> ''
  )
  select
    coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth), '[]'),
    min(depth)
  into read_history.messages, read_history.from_depth
  from fitting
  where depth >= (select min(depth) from fitting where role = 'user' or depth = 1);
  perform set_config('role', own_role, true);
end
$$;

create or replace function public.withdraw_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_call_id constant uuid := private.read_id(request, 'call_id');
  generation public.generations;
  question public.messages;
  session public.sessions;
  leaf_id uuid;
  is_withdrawn boolean := false;
begin
  if wanted_call_id is null then
    perform private.refuse(422, 'invalid_request', 'call_id must name a call of begin_turn.');
  end if;
  perform private.lock_call(wanted_call_id);
  insert into public.withdrawn_calls (call_id) values (wanted_call_id) on conflict do nothing;

  perform from public.sessions
  where session_id = (
    select session_id from public.generations where call_id = wanted_call_id)
  for no key update;
  select * into generation from public.generations
  where call_id = wanted_call_id
  for no key update;
  if not found then
    return jsonb_build_object('withdrawn', false);
  end if;
  select * into question from public.messages
  where message_id = generation.user_message_id and generation.action in ('say', 'edit');
  if question.created_at <> generation.started_at then
    -- It answers an earlier call's question, whose writer has died without storing text: it is ended the same
    -- way.
    is_withdrawn := generation.status = 'streaming' and generation.save_count = 0;
    if is_withdrawn then
      perform private.end_for_silence(generation);
    end if;
    return jsonb_build_object('withdrawn', is_withdrawn);
  end if;
  is_withdrawn := private.forget_run(generation);
  if is_withdrawn and question.message_id is not null then
    leaf_id := question.parent_id;
    if generation.action = 'edit' then
      -- The path went on through the edited message.
      select private.newest_leaf_below(message) into leaf_id
      from public.messages message
      where message.session_id = question.session_id
        and message.parent_id is not distinct from question.parent_id
        and message.message_id <> question.message_id
      order by message.position desc
      limit 1;
    end if;
    update public.sessions
    set active_leaf_id = case when active_leaf_id = question.message_id then leaf_id
          else active_leaf_id end,
        turn_count = turn_count - (turn_count = question.turn_number)::integer,
        message_count = message_count - (message_count = question.position)::integer
    where session_id = generation.session_id
    returning * into session;
    delete from public.messages where message_id = question.message_id;
    -- The session was made for this turn alone, with what it was given before the question.
    if generation.epoch = 1
      and not exists (
        select from public.messages
        where session_id = session.session_id and created_at <> session.created_at)
      and not exists (
        select from public.live_sessions
        where session_id = session.session_id and opened_at is not null)
    then
      delete from public.sessions where session_id = session.session_id;
      delete from public.projects
      where project_id = session.project_id and created_at = session.created_at;
    end if;
  end if;
  return jsonb_build_object('withdrawn', is_withdrawn);
end
$$;

create or replace function private.describe_repeated_turn(generation public.generations) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  question public.messages;
begin
  select * into session from public.sessions
  where session_id = generation.session_id and is_active;
  if not found then
    perform private.refuse(404, 'not_found',
      'The conversation of this turn has been deleted: send the request under a new name.');
  end if;
  select * into question from public.messages where message_id = generation.user_message_id;
  return private.describe_turn(session, question, generation) || jsonb_build_object(
    'created_session', generation.epoch = 1,
    'summary', null,
    'history', '[]'::jsonb,
    'replayed', true,
    'status', generation.status)
    || case when session.kind <> 'companion' then '{}' else private.describe_companion(
      session, private.visible_character(session.owner_id, session.character_id)) end;
end
$$;

create or replace function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Of what is told of the dossier, for each token of history: a quarter of it.
  dossier_bytes_per_token constant integer := 1;
  turn_action text := coalesce(request ->> 'action', 'say');
  rate_limit jsonb := nullif(request -> 'rate_limit', 'null');
  wanted_bot_id bigint := private.read_bot_id(request);
  principal_id uuid;
  wanted_call_id constant uuid := private.read_id(request, 'call_id');
  wait_ms constant integer := (request ->> 'wait_ms')::integer;
  named public.generations;
  dead_question public.messages;
  rate jsonb;
  bot public.bots;
  companion public.characters;
  session public.sessions;
  target public.messages;
  continued public.messages;
  question public.messages;
  history private.turn_history;
  generation public.generations;
  dossier jsonb;
  told text;
  begun_at timestamptz;
begin
  perform private.check_turn_request(request);
  perform private.check_message_metadata(request);
  principal_id := private.resolve_principal(request -> 'principal');
  request := private.request_of_kind(principal_id, request);
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  if wanted_call_id is not null then
    perform private.lock_call(wanted_call_id);
  end if;
  named := private.find_named_generation(principal_id, request);
  if named.generation_id is not null then
    -- Before the session of a run that has died.
    perform private.hold_principal(principal_id);
    dead_question := private.forget_dead_run(named);
    if dead_question.message_id is null then
      return private.describe_repeated_turn(named);
    end if;
    if coalesce(request ->> 'external_id', request ->> 'message_id') is null then
      request := request || jsonb_build_object('session_id', named.session_id);
    end if;
  end if;
  if rate_limit is not null then
    rate := private.take_rate_limit(principal_id, rate_limit ->> 'action',
      (rate_limit ->> 'max_requests')::integer, (rate_limit ->> 'window_seconds')::integer);
  end if;
  if wanted_bot_id is not null then
    bot := private.visible_bot(principal_id, wanted_bot_id);
  end if;

  session := private.open_turn_session(principal_id, request);
  if session.kind = 'companion' then
    if turn_action = 'say' and dead_question.message_id is null then
      session := private.prepare_conversation(session, request, transaction_timestamp());
    end if;
    companion := private.visible_character(principal_id, session.character_id);
    request := private.with_character(session, companion, request);
  end if;
  if turn_action <> 'say' then
    target := private.read_target(session, private.read_id(request, 'message_id'));
  end if;
  if turn_action = 'continue' then
    continued := target;
  end if;
  perform private.check_still_awaited(wanted_call_id, wait_ms);
  -- Read after the lock: a call that had to wait for it comes later than what it waited for.
  begun_at := clock_timestamp();
  if dead_question.message_id is not null then
    question := dead_question;
  else
    question := private.place_question(session, turn_action, target, request ->> 'text',
      request -> 'message_metadata', begun_at);
  end if;
  if request -> 'task_prompts' ? (question.metadata ->> 'task') then
    request := request || jsonb_build_object(
      'system_prompt', request -> 'task_prompts' -> (question.metadata ->> 'task'),
      'prompt', request -> 'task_prompt_labels' -> (question.metadata ->> 'task'));
  end if;
  request := request || jsonb_build_object(
    'history_budget_tokens',
    (request ->> 'history_budget_tokens')::integer - private.attached_tokens(question));
  history := private.read_turn_history(principal_id, question, continued, request);
  update public.sessions
  set active_leaf_id = question.message_id,
      turn_count = greatest(turn_count, question.turn_number),
      message_count = greatest(message_count, question.position),
      last_epoch = session.last_epoch + 1,
      last_message_at = begun_at
  where session_id = session.session_id;
  -- After the path has moved, which the dossier follows.
  if (request ->> 'dossier')::boolean and session.project_id is not null then
    dossier := private.dossier_of_turn(
      session, (request ->> 'history_budget_tokens')::integer * dossier_bytes_per_token);
    told := case when dossier ->> 'text' <> ''
      then concat(request ->> 'dossier_heading', dossier ->> 'text') else '' end;
    request := request || jsonb_build_object(
      'dossier_version', dossier -> 'version',
      'dossier_facts', dossier -> 'fact_ids',
      'system_prompt', concat(request ->> 'system_prompt', told));
    dossier := dossier - array['text', 'fact_ids'] || jsonb_build_object('told', told);
  end if;
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', coalesce(named.epoch, generation.epoch) = 1,
      'summary', history.summary,
      'history', history.messages,
      'replayed', false)
    || case when turn_action in ('regenerate', 'continue') and question.metadata <> '{}'
      then jsonb_build_object('message_metadata', question.metadata) else '{}' end
    || case when session.kind in ('chat', 'relay') then '{}'
      else jsonb_build_object('kind', session.kind) end
    || case when session.kind <> 'companion' then '{}'
      else private.describe_companion(session, companion)
        || jsonb_build_object('system_prompt', request -> 'system_prompt') end
    || case when request -> 'principal' ->> 'kind' <> 'named' then '{}'
      else jsonb_build_object('created_user', exists (
        select from public.principals
        where id = principal_id and created_at = transaction_timestamp())) end
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when dossier is null then '{}' else jsonb_build_object('dossier', dossier) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;

create or replace function public.has_due_step(request jsonb) returns jsonb
language sql stable set lock_timeout = '2s'
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp())
  or exists (
    select from public.deleted_snapshots where try_after <= pg_catalog.clock_timestamp()));

select private.align_grants_with_policies();
