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

-- Deletes a conversation: {principal, conversation_id}. Asks a running reply in it to stop.
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

-- Lets a conversation begin with another of the character's greetings, as long as it has no reply:
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
