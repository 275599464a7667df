-- Beginning a turn in four ways: something new is said, something said before is said otherwise, a
-- reply is taken again, a reply goes on. A repeated request begins nothing.
--
-- One call, one transaction. Locks are taken in the order principal, idempotency key, rate limit,
-- session, generation.

-- Refuses what does not say clearly which turn is meant.
create function private.check_turn_request(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_text_bytes constant integer := 200000;
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
  if request ->> 'instruction' is not null and (
    turn_action <> 'continue'
    or octet_length(request ->> 'instruction') not between 1 and max_text_bytes
  ) then
    perform private.refuse(422, 'invalid_request',
      format('instruction must have 1 to %s bytes and belongs to continue.', max_text_bytes));
  end if;
  if octet_length(request ->> 'system_prompt') > max_text_bytes then
    perform private.refuse(422, 'invalid_request',
      format('system_prompt must have at most %s bytes.', max_text_bytes));
  end if;
  if jsonb_typeof(coalesce(nullif(request -> 'settings', 'null'), '{}')) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'settings must be an object.');
  end if;
  if request ->> 'idempotency_key' is not null and (
    char_length(request ->> 'idempotency_key') not between 1 and 255
    or coalesce(request ->> 'request_hash', '') !~ '^[0-9a-f]{64}$'
  ) then
    perform private.refuse(422, 'invalid_request',
      'An idempotency key must have 1 to 255 characters, and a SHA-256 of the request beside it.');
  end if;
end
$$;

-- What begin_turn answers of a turn, whether it has begun just now or before.
create function private.describe_turn(
  session public.sessions, question public.messages, generation public.generations
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'user_id', generation.owner_id,
  'session_id', session.session_id,
  'project_id', session.project_id,
  'user_message_id', question.message_id,
  'message_id', generation.message_id,
  'stream_id', generation.stream_id,
  'generation_id', generation.generation_id,
  'epoch', generation.epoch,
  'turn_number', question.turn_number,
  'title', session.title,
  'action', generation.action,
  'base_bytes', generation.base_bytes);

-- The turn that this principal has begun under the request's idempotency key; null when there is
-- none. From here on the key is locked: of two first requests at once the second waits, and then
-- finds the turn of the other. A lock of its own, because a first turn has no row yet to wait for,
-- and one that comes too late must not leave a session behind.
create function private.find_repeated_turn(principal_id uuid, request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_key text := request ->> 'idempotency_key';
  generation public.generations;
  session public.sessions;
  question public.messages;
begin
  if wanted_key is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(principal_id::text || ' ' || wanted_key, 0));
  select * into generation from public.generations
  where owner_id = principal_id and idempotency_key = wanted_key;
  if not found then
    return null;
  end if;
  if generation.request_hash <> request ->> 'request_hash' then
    perform private.refuse(422, 'idempotency_key_reused',
      'This idempotency key has named another request: send this one under a new key.');
  end if;
  select * into session from public.sessions
  where session_id = generation.session_id and is_active;
  if not found then
    perform private.refuse(404, 'not_found',
      'The session of this turn has been deleted: send the request under a new key.');
  end if;
  select * into question from public.messages where message_id = generation.user_message_id;
  return private.describe_turn(session, question, generation) || jsonb_build_object(
    'created_session', generation.epoch = 1,
    'history', '[]'::jsonb,
    'replayed', true,
    'status', generation.status);
end
$$;

create function private.refuse_unknown_message() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such message: list the messages of its session to see which there are.');
end
$$;

-- The session of a message that the principal may see, or of a reply that is still being written; one
-- of this kind if a kind is given.
create function private.session_of_message(
  principal_id uuid, wanted_message_id uuid, session_kind text default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  found_id uuid;
begin
  perform private.act_as(principal_id);
  select session.session_id into found_id
  from public.messages message
  join public.sessions session on session.session_id = message.session_id
  where message.message_id = wanted_message_id and session.is_active
    and session.kind = coalesce(session_kind, session.kind);
  perform set_config('role', own_role, true);
  if found_id is null then
    select session.session_id into found_id
    from public.generations generation
    join public.sessions session on session.session_id = generation.session_id
    where generation.message_id = wanted_message_id and generation.owner_id = principal_id
      and session.is_active and session.kind = coalesce(session_kind, session.kind);
  end if;
  if found_id is null then
    perform private.refuse_unknown_message();
  end if;
  return found_id;
end
$$;

-- The session of the turn, locked and without a running turn.
create function private.open_turn_session(principal_id uuid, request jsonb) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  wanted_session_id uuid := private.read_id(request, 'session_id');
  wanted_message_id uuid := private.read_id(request, 'message_id');
  session_of_message uuid;
  session public.sessions;
begin
  if wanted_message_id is not null then
    session_of_message := private.session_of_message(
      principal_id, wanted_message_id, request ->> 'kind');
    if wanted_session_id <> session_of_message then
      perform private.refuse_unknown_message();
    end if;
    wanted_session_id := session_of_message;
  end if;
  session := private.open_session(
    principal_id, request ->> 'kind', wanted_session_id, private.read_id(request, 'project_id'),
    coalesce(nullif(left(btrim(request ->> 'title'), 200), ''), 'Untitled'));
  perform private.end_silent_turn(session.session_id);
  -- Read again: ending the silent turn may have stored its reply.
  select * into session from public.sessions where session_id = session.session_id;
  return session;
end
$$;

-- The message that an edit, a regenerate or a continue is about. The session is locked.
create function private.read_target(session public.sessions, wanted_message_id uuid)
returns public.messages
language plpgsql set search_path = '' as $$
declare
  target public.messages;
begin
  select * into target from public.messages message
  where message.message_id = wanted_message_id and message.session_id = session.session_id;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  return target;
end
$$;

-- The user's message that is answered by this turn: a new one below the path's end or beside the
-- target, or the one that the target is or answers.
create function private.place_question(
  session public.sessions, turn_action text, target public.messages, said text,
  begun_at timestamptz
) returns public.messages
language plpgsql set search_path = '' as $$
declare
  question public.messages;
  parent_of_new uuid := session.active_leaf_id;
begin
  if turn_action in ('regenerate', 'continue') then
    if turn_action = 'regenerate' and target.role = 'user' then
      return target;
    end if;
    select * into question from public.messages
    where message_id = target.parent_id and role = 'user';
    if not found or target.role <> 'assistant' then
      perform private.refuse(422, 'invalid_request', format(
        '%s is about a reply to a message of the user: name one.', turn_action));
    end if;
    return question;
  end if;

  if turn_action = 'edit' then
    if target.role <> 'user' then
      perform private.refuse(422, 'invalid_request',
        'edit is about a message of the user: name one, or change the text of a reply instead.');
    end if;
    parent_of_new := target.parent_id;
  end if;
  insert into public.messages (
    session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content,
    created_at, updated_at)
  values (
    session.session_id, session.owner_id, parent_of_new, gen_random_uuid(),
    session.turn_count + 1, session.message_count + 1,
    1 + coalesce((select depth from public.messages where message_id = parent_of_new), 0),
    'user', said, begun_at, begun_at)
  returning * into question;
  return question;
end
$$;

-- As before, and says at which depth the history begins; null when there is none.
drop function private.read_history(uuid, uuid, integer);
create function private.read_history(
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
  where depth >= (select min(depth) from fitting where role = 'user');
  perform set_config('role', own_role, true);
end
$$;

-- What the model is sent of the conversation besides the new text or the instruction, and from which
-- depth on that, or else the question, begins. What the turn is about is always sent, however small
-- the budget is: the question, and the reply that goes on.
create function private.read_turn_history(
  principal_id uuid, question public.messages, continued public.messages, request jsonb,
  out messages jsonb, out from_depth integer
)
language plpgsql set search_path = '' as $$
declare
  turn_action text := coalesce(request ->> 'action', 'say');
  budget_tokens integer := (request ->> 'history_budget_tokens')::integer
    - private.estimate_tokens(question.content)
    - coalesce(private.estimate_tokens(continued.content), 0)
    - coalesce(private.estimate_tokens(request ->> 'instruction'), 0);
begin
  select older.messages, coalesce(older.from_depth, question.depth)
  into read_turn_history.messages, read_turn_history.from_depth
  from private.read_history(principal_id, question.parent_id, budget_tokens) older;
  if turn_action in ('regenerate', 'continue') then
    messages := messages
      || jsonb_build_object('role', question.role, 'content', question.content);
  end if;
  if turn_action = 'continue' then
    messages := messages
      || jsonb_build_object('role', continued.role, 'content', continued.content);
  end if;
end
$$;

-- The running generation, with what explains it later. `session` is as it was before this turn.
create function private.start_generation(
  session public.sessions, question public.messages, continued public.messages,
  sent_from_depth integer, request jsonb, begun_at timestamptz
) returns public.generations
language plpgsql set search_path = '' as $$
declare
  max_reply_bytes constant integer := 4194304;
  turn_action text := coalesce(request ->> 'action', 'say');
  base_bytes integer := coalesce(octet_length(continued.content), 0);
  generation public.generations;
begin
  if base_bytes >= max_reply_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'This reply has %s bytes and cannot go on: say something instead.', max_reply_bytes));
  end if;
  insert into public.generations (
    owner_id, session_id, stream_id, user_message_id, epoch, provider, model, action, base_bytes,
    saved_bytes, continued_from_id, previous_leaf_id, sent_from_depth, instruction, system_prompt,
    settings, idempotency_key, request_hash, started_at, heartbeat_at)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, request ->> 'provider', request ->> 'model', turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    sent_from_depth, request ->> 'instruction', request ->> 'system_prompt',
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when request ->> 'idempotency_key' is not null then request ->> 'request_hash' end,
    begun_at, begun_at)
  on conflict (owner_id, stream_id) do nothing
  returning * into generation;
  if not found then
    perform private.refuse(422, 'invalid_request',
      'stream_id has been used before: send another one, or none.');
  end if;
  if base_bytes > 0 then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, continued.content);
  end if;
  return generation;
end
$$;

-- Begins a turn: {principal, kind, session_id | null, project_id | null, text, title, provider,
-- model, history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional,
-- {action, message_id, instruction, system_prompt, settings, idempotency_key, request_hash,
-- rate_limit}. principal is what private.resolve_principal takes, title is for a session that is
-- created, a claimed_user_id must be the principal's own, rate_limit is {action, max_requests,
-- window_seconds}. action is
--   say         `text` comes after the path's end (the default)
--   edit        `text` stands beside the user's message `message_id`
--   regenerate  the reply `message_id` is taken again, or the user's message answered again
--   continue    the reply `message_id` goes on in a new take, after `instruction` if there is one
--
-- Returns {user_id, session_id, project_id, user_message_id, message_id, stream_id, generation_id,
-- epoch, turn_number, title, action, base_bytes, created_session, history, replayed}, where
-- message_id is the one that the reply will have, its text so far has base_bytes, and history is what
-- the model is sent before `text` or `instruction`. A request that was made before under its
-- idempotency key has `replayed` true, the `status` of that turn and no history: call read_turn.
create or replace function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  turn_action text := coalesce(request ->> 'action', 'say');
  rate_limit jsonb := nullif(request -> 'rate_limit', 'null');
  principal_id uuid;
  repeated jsonb;
  session public.sessions;
  target public.messages;
  continued public.messages;
  question public.messages;
  history record;
  generation public.generations;
  begun_at timestamptz;
begin
  perform private.check_turn_request(request);
  principal_id := private.resolve_principal(request -> 'principal');
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  repeated := private.find_repeated_turn(principal_id, request);
  if repeated is not null then
    return repeated;
  end if;
  if rate_limit is not null then
    perform private.take_rate_limit(principal_id, rate_limit ->> 'action',
      (rate_limit ->> 'max_requests')::integer, (rate_limit ->> 'window_seconds')::integer);
  end if;

  session := private.open_turn_session(principal_id, request);
  if turn_action <> 'say' then
    target := private.read_target(session, private.read_id(request, 'message_id'));
  end if;
  if turn_action = 'continue' then
    continued := target;
  end if;
  -- Read after the lock: a call that had to wait for it comes later than what it waited for.
  begun_at := clock_timestamp();
  question := private.place_question(session, turn_action, target, request ->> 'text', begun_at);
  history := private.read_turn_history(principal_id, question, continued, request);
  generation := private.start_generation(
    session, question, continued, history.from_depth, request, begun_at);

  update public.sessions
  set active_leaf_id = question.message_id,
      turn_count = greatest(turn_count, question.turn_number),
      message_count = greatest(message_count, question.position),
      last_epoch = generation.epoch,
      last_message_at = begun_at
  where session_id = session.session_id;

  return private.describe_turn(session, question, generation) || jsonb_build_object(
    'created_session',
    coalesce(request ->> 'session_id', request ->> 'message_id') is null,
    'history', history.messages,
    'replayed', false);
end
$$;

revoke all on function
  private.check_turn_request(jsonb),
  private.describe_turn(public.sessions, public.messages, public.generations),
  private.find_repeated_turn(uuid, jsonb),
  private.refuse_unknown_message(),
  private.session_of_message(uuid, uuid, text),
  private.open_turn_session(uuid, jsonb),
  private.read_target(public.sessions, uuid),
  private.place_question(public.sessions, text, public.messages, text, timestamptz),
  private.read_history(uuid, uuid, integer),
  private.read_turn_history(uuid, public.messages, public.messages, jsonb),
  private.start_generation(
    public.sessions, public.messages, public.messages, integer, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_turn_request(jsonb),
  private.describe_turn(public.sessions, public.messages, public.generations),
  private.find_repeated_turn(uuid, jsonb),
  private.refuse_unknown_message(),
  private.session_of_message(uuid, uuid, text),
  private.open_turn_session(uuid, jsonb),
  private.read_target(public.sessions, uuid),
  private.place_question(public.sessions, text, public.messages, text, timestamptz),
  private.read_history(uuid, uuid, integer),
  private.read_turn_history(uuid, public.messages, public.messages, jsonb),
  private.start_generation(
    public.sessions, public.messages, public.messages, integer, jsonb, timestamptz)
to service_role;
