-- Beginning a turn: who is it, may they, is another turn running; then the user's message, the
-- running generation and the history that the model needs.

-- Until the transaction ends, or the caller sets the role again: acts with the rights of this
-- principal, so that row level security decides what is there.
create function private.act_as(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  claims jsonb;
begin
  select jsonb_build_object(
    'role', 'authenticated',
    'iss', principal.issuer,
    'sub', case principal.kind when 'external' then principal.subject else principal.id::text end)
  into claims
  from public.principals principal
  where principal.id = principal_id;
  perform set_config('request.jwt.claims', claims::text, true);
  perform set_config('request.jwt.claim.sub', claims ->> 'sub', true);
  perform set_config('role', 'authenticated', true);
end
$$;

-- The session, locked until the transaction ends; as a new row if none is named. Refuses what is
-- unknown and what is another's with the same answer.
create function private.open_session(
  principal_id uuid, session_kind text, wanted_session_id uuid, wanted_project_id uuid,
  new_title text
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

  if wanted_session_id is null then
    if project_of_session is null then
      insert into public.projects (owner_id, name) values (principal_id, new_title)
      returning project_id into project_of_session;
    end if;
    insert into public.sessions (owner_id, project_id, kind, title)
    values (principal_id, project_of_session, session_kind, new_title)
    returning * into opened;
    return opened;
  end if;

  -- Looked at again, because it may have changed until the lock was there.
  select * into opened from public.sessions
  where session_id = wanted_session_id and owner_id = principal_id and is_active
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such session: leave session_id out to begin a new one.');
  end if;
  if wanted_project_id <> opened.project_id then
    perform private.refuse(422, 'invalid_request',
      'project_id is not the project of this session: leave it out, or begin a new session.');
  end if;
  return opened;
end
$$;

-- Refuses while a turn runs in the session; ends one that has gone silent, because the isolate
-- that made it is dead. The caller has locked the session.
create function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  silence_limit constant interval := '60 seconds';
  retry_after_seconds constant text := '2';
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if running.heartbeat_at > clock_timestamp() - silence_limit then
    perform private.refuse(409, 'turn_in_progress',
      'A reply is still being written in this session: wait until it ends, or cancel it.',
      retry_after_seconds);
  end if;
  perform private.close_generation(
    running, '{"status": "interrupted", "error_code": "interrupted"}');
end
$$;

-- What a model is sent of a conversation: the newest messages on the path to the leaf that fit into
-- the budget, oldest first, from a user's message on, as [{"role", "content"}]. Costs what it
-- returns, however long the conversation is. Read with the principal's rights.
create function private.read_history(principal_id uuid, leaf_id uuid, budget_tokens integer)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  own_role constant text := current_setting('role');
  history jsonb;
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select leaf.parent_id, leaf.role, leaf.content, 1 as steps,
      budget_tokens - private.estimate_tokens(leaf.content) as tokens_left
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.parent_id, parent.role, parent.content, child.steps + 1,
      child.tokens_left - private.estimate_tokens(parent.content)
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.tokens_left > 0 and child.steps < max_messages
  ),
  fitting as (
    select role, content, steps from path where tokens_left >= 0 and content <> ''
  )
  select jsonb_agg(
    jsonb_build_object('role', role, 'content', content) order by steps desc)
  into history
  from fitting
  where steps <= (select max(steps) from fitting where role = 'user');
  perform set_config('role', own_role, true);
  return coalesce(history, '[]');
end
$$;

-- A model's tokens for a message, from above: four bytes each, and four around it. Empty ones are
-- not sent.
create function private.estimate_tokens(content text) returns integer
language sql immutable parallel safe
return case
  when content = '' then 0
  else (pg_catalog.octet_length(content) + 3) / 4 + 4
end;

-- Begins a turn: {principal, kind, session_id | null, project_id | null, text, title, provider,
-- model, history_budget_tokens, stream_id | null, claimed_user_id | null}; principal is what
-- private.resolve_principal takes, title is for a session that is created, and a claimed_user_id
-- must be the principal's own. Returns {user_id, session_id, project_id, user_message_id,
-- message_id, stream_id, generation_id, epoch, turn_number, created_session, title, history}, where
-- message_id is the one that the reply will have.
create function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_text_bytes constant integer := 200000;
  said text := request ->> 'text';
  wanted_session_id uuid := private.read_id(request, 'session_id');
  principal_id uuid;
  session public.sessions;
  question public.messages;
  generation public.generations;
  history jsonb;
  begun_at timestamptz;
begin
  if said is null or said = '' or octet_length(said) > max_text_bytes then
    perform private.refuse(422, 'invalid_request',
      format('text must have 1 to %s bytes.', max_text_bytes));
  end if;

  principal_id := private.resolve_principal(request -> 'principal');
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  session := private.open_session(
    principal_id, request ->> 'kind', wanted_session_id, private.read_id(request, 'project_id'),
    coalesce(nullif(left(btrim(request ->> 'title'), 200), ''), 'Untitled'));
  perform private.end_silent_turn(session.session_id);
  select * into session from public.sessions where session_id = session.session_id;
  history := private.read_history(principal_id, session.active_leaf_id,
    (request ->> 'history_budget_tokens')::integer - private.estimate_tokens(said));

  -- Read after the lock: a call that had to wait for it comes later than what it waited for.
  begun_at := clock_timestamp();
  insert into public.messages (
    session_id, owner_id, parent_id, turn_id, turn_number, position, role, content,
    created_at, updated_at)
  values (
    session.session_id, session.owner_id, session.active_leaf_id, gen_random_uuid(),
    session.turn_count + 1, session.message_count + 1, 'user', said, begun_at, begun_at)
  returning * into question;

  update public.sessions
  set active_leaf_id = question.message_id,
      turn_count = question.turn_number,
      message_count = question.position,
      last_epoch = last_epoch + 1,
      last_message_at = begun_at
  where session_id = session.session_id
  returning * into session;

  insert into public.generations (
    owner_id, session_id, stream_id, user_message_id, epoch, provider, model,
    started_at, heartbeat_at)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch, request ->> 'provider', request ->> 'model', begun_at, begun_at)
  on conflict (owner_id, stream_id) do nothing
  returning * into generation;
  if not found then
    perform private.refuse(422, 'invalid_request',
      'stream_id has been used before: send another one, or none.');
  end if;

  return jsonb_build_object(
    'user_id', principal_id,
    'session_id', session.session_id,
    'project_id', session.project_id,
    'user_message_id', question.message_id,
    'message_id', generation.message_id,
    'stream_id', generation.stream_id,
    'generation_id', generation.generation_id,
    'epoch', generation.epoch,
    'turn_number', question.turn_number,
    'created_session', wanted_session_id is null,
    'title', session.title,
    'history', history);
end
$$;
