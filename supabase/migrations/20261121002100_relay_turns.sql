-- Turns of the relay: conversations by the caller's own name for them, bots, streams that the caller
-- names, and how much of the allowance is left.

-- A deleted conversation gives its name back.
drop index public.sessions_by_external_id;
create unique index sessions_by_external_id on public.sessions (owner_id, kind, external_id)
  where external_id is not null and is_active;

alter table public.generations
  -- Which bot has answered. No foreign key: the bot is another's perhaps, and its deletion must
  -- neither wait for turns nor change what was said.
  add column bot_id bigint,
  drop constraint generations_keep_what_was_asked,
  -- A hash is also kept of what was asked under the caller's own stream_id.
  add constraint generations_keep_what_was_asked
    check (idempotency_key is null or request_hash is not null);

-- As before, but only conversations that are there have names that can clash.
create or replace function private.rename_clashes(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  renamed record;
begin
  update public.sessions ours
  set external_id = private.rename(ours.external_id)
  where ours.owner_id = guest_id and ours.is_active and exists (
    select from public.sessions theirs
    where theirs.owner_id = account_id and theirs.is_active
      and theirs.kind = ours.kind and theirs.external_id = ours.external_id);

  update public.generations ours
  set idempotency_key = private.rename(ours.idempotency_key)
  where ours.owner_id = guest_id and exists (
    select from public.generations theirs
    where theirs.owner_id = account_id and theirs.idempotency_key = ours.idempotency_key);

  for renamed in
    update public.generations ours
    set stream_id = private.rename(ours.stream_id)
    where ours.owner_id = guest_id and exists (
      select from public.generations theirs
      where theirs.owner_id = account_id and theirs.stream_id = ours.stream_id)
    returning ours.message_id, ours.stream_id
  loop
    update public.messages
    set metadata = jsonb_set(metadata, '{stream_id}', to_jsonb(renamed.stream_id))
    where message_id = renamed.message_id;
  end loop;
end
$$;

-- How often a rate limit has refused. A refusal takes back whatever its transaction has written,
-- except what it took from a sequence. (A crash of the server may skip up to 32.)
create sequence private.rate_limited as bigint;
grant usage, select on sequence private.rate_limited to service_role;

-- Counts one use of the action, or refuses: max_requests at once, then one more after each
-- max_requests-th part of the window. A refusal uses nothing; its hint is the seconds to wait.
-- Returns {limit, remaining, reset_s}: how many at once are allowed, how many of them are left, and
-- after how many seconds all of them are there again.
drop function private.take_rate_limit(uuid, text, integer, integer);
create function private.take_rate_limit(
  principal_id uuid, action text, max_requests integer, window_seconds integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  cost interval;
  -- Of the sum of the costs, not of the window, which rounding could make smaller.
  allowance interval;
  used interval;
  holder public.principals;
  taken_at timestamptz;
  wait_seconds integer;
  bucket public.rate_limits;
begin
  if max_requests is null or max_requests < 1 or window_seconds is null or window_seconds < 1 then
    perform private.refuse(422, 'invalid_request',
      'A rate limit must be at least one request in at least one second.');
  end if;
  cost := make_interval(secs => window_seconds::double precision / max_requests);
  allowance := cost * max_requests;

  -- Before the row that is the principal's, as everywhere; so who has the principal for itself need
  -- not wait for these rows.
  select * into holder from public.principals where id = principal_id for key share;
  perform private.require_current(holder);

  -- Twice at most: a first use at the same time has made the row meanwhile.
  for attempt in 1..2 loop
    select * into bucket from public.rate_limits limited
    where limited.owner_id = principal_id and limited.action = take_rate_limit.action
    for no key update;
    taken_at := clock_timestamp();
    used := greatest(bucket.full_at - taken_at, interval '0') + cost;
    if found then
      if used > allowance then
        wait_seconds := ceil(extract(epoch from used - allowance));
        perform nextval('private.rate_limited');
        perform private.refuse(429, 'rate_limited',
          format('Too many requests: try again in %s s.', wait_seconds), wait_seconds::text);
      end if;
      update public.rate_limits limited
      set full_at = greatest(bucket.full_at, taken_at) + cost
      where limited.owner_id = principal_id and limited.action = take_rate_limit.action;
      exit;
    end if;
    insert into public.rate_limits (owner_id, action, full_at)
    values (principal_id, take_rate_limit.action, taken_at + cost)
    on conflict do nothing;
    exit when found;
  end loop;
  return jsonb_build_object(
    'limit', max_requests,
    'remaining', floor(extract(epoch from allowance - used) / extract(epoch from cost)),
    'reset_s', ceil(extract(epoch from used)));
end
$$;

-- Refuses what does not say clearly which turn is meant.
create or replace function private.check_turn_request(request jsonb) returns void
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

-- The turn that this principal has begun with the same request, under the request's idempotency key
-- or else under its stream_id; null when there is none. From here on both names are locked: of two
-- first requests at once the second waits, and then finds the turn of the other. Locks of their own,
-- because a first turn has no row yet to wait for, and one that comes too late must not leave a
-- session behind.
create or replace function private.find_repeated_turn(principal_id uuid, request jsonb)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_key text := request ->> 'idempotency_key';
  wanted_stream_id text := request ->> 'stream_id';
  generation public.generations;
  session public.sessions;
  question public.messages;
begin
  if wanted_key is not null then
    perform pg_advisory_xact_lock(hashtextextended(principal_id::text || ' ' || wanted_key, 0));
    select * into generation from public.generations
    where owner_id = principal_id and idempotency_key = wanted_key;
    if generation.request_hash <> request ->> 'request_hash' then
      perform private.refuse(422, 'idempotency_key_reused',
        'This idempotency key has named another request: send this one under a new key.');
    end if;
  end if;
  if generation.generation_id is null and wanted_stream_id is not null then
    perform pg_advisory_xact_lock(
      hashtextextended(principal_id::text || ' ' || wanted_stream_id, 1));
    select * into generation from public.generations
    where owner_id = principal_id and stream_id = wanted_stream_id;
    if found and (generation.request_hash = request ->> 'request_hash') is not true then
      perform private.refuse_stream();
    end if;
  end if;
  if generation.generation_id is null then
    return null;
  end if;

  select * into session from public.sessions
  where session_id = generation.session_id and is_active;
  if not found then
    perform private.refuse(404, 'not_found',
      'The conversation of this turn has been deleted: send the request under a new name.');
  end if;
  select * into question from public.messages where message_id = generation.user_message_id;
  return private.describe_turn(session, question, generation) || jsonb_build_object(
    'created_session', generation.epoch = 1,
    'history', '[]'::jsonb,
    'replayed', true,
    'status', generation.status);
end
$$;

create function private.refuse_stream() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(409, 'stream_exists',
    'This stream_id names another request: send this one under a new stream_id, or under none.');
end
$$;

-- The session, locked until the transaction ends: the one of this id, or the one that the principal
-- has named so; as a new row if there is none, or none is named. Refuses what is unknown and what is
-- another's with the same answer. A conversation that its caller has named belongs to no project
-- unless one is named too.
drop function private.open_session(uuid, text, uuid, uuid, text);
create function private.open_session(
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
    if project_of_session is null then
      insert into public.projects (owner_id, name) values (principal_id, new_title)
      returning project_id into project_of_session;
    end if;
    insert into public.sessions (owner_id, project_id, kind, title)
    values (principal_id, project_of_session, session_kind, new_title)
    returning * into opened;
    return opened;
  end if;

  if wanted_external_id is null then
    -- Looked at again, because it may have changed until the lock was there.
    select * into opened from public.sessions
    where session_id = wanted_session_id and owner_id = principal_id and is_active
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found',
        'There is no such session: leave session_id out to begin a new one.');
    end if;
  end if;
  -- By name as often as it takes: between looking and making another first turn may make it, and
  -- between making and looking a deletion take it away.
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

-- The session of the turn, locked and without a running turn.
create or replace function private.open_turn_session(principal_id uuid, request jsonb)
returns public.sessions
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
    principal_id, request ->> 'kind', wanted_session_id, request ->> 'external_id',
    private.read_id(request, 'project_id'),
    coalesce(nullif(left(btrim(request ->> 'title'), 200), ''), 'Untitled'));
  perform private.end_silent_turn(session.session_id);
  -- Read again: ending the silent turn may have stored its reply.
  select * into session from public.sessions where session_id = session.session_id;
  return session;
end
$$;

-- A bot as the edge needs it, with what its users must not see. For begin_turn alone.
create function private.bot_to_ask(bot public.bots) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'provider', bot.provider,
  'model', bot.model,
  'system', bot.system,
  'access_path', bot.access_path,
  'access_key', (
    select bot_key.access_key from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id));

-- The running generation, with what explains it later. `session` is as it was before this turn, `bot`
-- nulls where none is asked.
drop function private.start_generation(
  public.sessions, public.messages, public.messages, integer, jsonb, timestamptz);
create function private.start_generation(
  session public.sessions, question public.messages, continued public.messages, bot public.bots,
  sent_from_depth integer, request jsonb, begun_at timestamptz
) returns public.generations
language plpgsql set search_path = '' as $$
declare
  max_reply_bytes constant integer := 4194304;
  turn_action text := coalesce(request ->> 'action', 'say');
  base_bytes integer := coalesce(octet_length(continued.content), 0);
  -- Another's bot keeps its instructions to itself, also in what its user is told of the turn.
  bot_system text := case when bot.owner_id = session.owner_id then bot.system end;
  generation public.generations;
begin
  if base_bytes >= max_reply_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'This reply has %s bytes and cannot go on: say something instead.', max_reply_bytes));
  end if;
  insert into public.generations (
    owner_id, session_id, stream_id, user_message_id, epoch, provider, model, action, base_bytes,
    saved_bytes, continued_from_id, previous_leaf_id, sent_from_depth, instruction, system_prompt,
    settings, idempotency_key, request_hash, bot_id, started_at, heartbeat_at)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, coalesce(request ->> 'provider', bot.provider),
    coalesce(request ->> 'model', bot.model), turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    sent_from_depth, request ->> 'instruction', coalesce(request ->> 'system_prompt', bot_system),
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when coalesce(request ->> 'idempotency_key', request ->> 'stream_id') is not null
      then request ->> 'request_hash' end,
    bot.bot_id, begun_at, begun_at)
  on conflict (owner_id, stream_id) do nothing
  returning * into generation;
  if not found then
    -- Of a guest who has just moved here: this name was free a moment ago.
    perform private.refuse_stream();
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
-- {action, message_id, external_id, bot_id, instruction, system_prompt, settings, idempotency_key,
-- request_hash, rate_limit}. principal is what private.resolve_principal takes, title is for a
-- session that is created, a claimed_user_id must be the principal's own, rate_limit is {action,
-- max_requests, window_seconds}. external_id, in place of session_id, is the caller's name for the
-- conversation, which its first turn creates. A bot_id is of a bot that the principal may use; where
-- provider and model are absent, the bot's are kept of the turn. action is
--   say         `text` comes after the path's end (the default)
--   edit        `text` stands beside the user's message `message_id`
--   regenerate  the reply `message_id` is taken again, or the user's message answered again
--   continue    the reply `message_id` goes on in a new take, after `instruction` if there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, history, replayed},
-- where message_id is the one that the reply will have, its text so far has base_bytes, and history is
-- what the model is sent before `text` or `instruction`; with a bot_id also bot: {bot_id, provider,
-- model, system, access_path, access_key}, with a rate_limit also rate: {limit, remaining, reset_s}.
-- A request that was made before, under its idempotency key or its stream_id, has `replayed` true, the
-- `status` of that turn, no history and neither bot nor rate: call read_turn.
create or replace function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  turn_action text := coalesce(request ->> 'action', 'say');
  rate_limit jsonb := nullif(request -> 'rate_limit', 'null');
  wanted_bot_id bigint := private.read_bot_id(request);
  principal_id uuid;
  repeated jsonb;
  rate jsonb;
  bot public.bots;
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
    rate := private.take_rate_limit(principal_id, rate_limit ->> 'action',
      (rate_limit ->> 'max_requests')::integer, (rate_limit ->> 'window_seconds')::integer);
  end if;
  if wanted_bot_id is not null then
    bot := private.visible_bot(principal_id, wanted_bot_id);
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
    session, question, continued, bot, history.from_depth, request, begun_at);

  update public.sessions
  set active_leaf_id = question.message_id,
      turn_count = greatest(turn_count, question.turn_number),
      message_count = greatest(message_count, question.position),
      last_epoch = generation.epoch,
      last_message_at = begun_at
  where session_id = session.session_id;

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', generation.epoch = 1,
      'history', history.messages,
      'replayed', false)
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;

revoke all on function
  private.take_rate_limit(uuid, text, integer, integer),
  private.refuse_stream(),
  private.open_session(uuid, text, uuid, text, uuid, text),
  private.bot_to_ask(public.bots),
  private.start_generation(
    public.sessions, public.messages, public.messages, public.bots, integer, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_rate_limit(uuid, text, integer, integer),
  private.refuse_stream(),
  private.open_session(uuid, text, uuid, text, uuid, text),
  private.bot_to_ask(public.bots),
  private.start_generation(
    public.sessions, public.messages, public.messages, public.bots, integer, jsonb, timestamptz)
to service_role;
