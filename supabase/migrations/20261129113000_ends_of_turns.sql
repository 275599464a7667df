-- The end of a turn is true: who was only slow goes on with its reply, who has given a turn up takes it back,
-- what died without a word is run again by its own name, and nobody waits long for a lock.

alter table public.generations
  add column ended_by_silence boolean not null default false,
  add column call_id uuid,
  add column is_end_counted boolean not null default false;
create unique index generations_by_call on public.generations (call_id)
  where call_id is not null;

alter table public.turn_ends
  add column generation_id uuid references public.generations (generation_id) on delete set null,
  add column is_addition boolean not null default false;
create index turn_ends_generation on public.turn_ends (generation_id);

-- Calls of begin_turn that were given up: one of them that has not begun its turn yet never will.
create table public.withdrawn_calls (
  call_id uuid primary key,
  created_at timestamptz not null default now()
);

comment on table public.withdrawn_calls is
  'Calls that must not begin a turn any more. Nobody''s, and not readable over REST.';

alter table public.withdrawn_calls enable row level security;

drop function private.find_repeated_turn(uuid, jsonb);

-- Whether the isolate that made a streaming generation is taken for dead. By the database's clock alone: beats
-- are written with it, and no other clock's time is compared with it. Who has never been heard of is waited
-- for less: a writer that lives beats within 5 seconds, and one that was only slow goes on with its reply.
create or replace function private.is_silent(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  silence_limit constant interval := '60 seconds';
  first_silence_limit constant interval := '20 seconds';
begin
  return generation.heartbeat_at <= clock_timestamp() - case
    when generation.heartbeat_at = generation.started_at then first_silence_limit
    else silence_limit end;
end
$$;

-- Ends a streaming generation of whose writer nothing is heard. The caller has locked the session and the
-- generation.
create or replace function private.end_for_silence(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.close_generation(
    generation, '{"status": "interrupted", "error_code": "interrupted"}');
  update public.generations set ended_by_silence = true
  where generation_id = generation.generation_id;
end
$$;

-- Ends this generation if it has gone silent; nothing else is locked by the caller.
create or replace function private.end_if_silent(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  if generation.status <> 'streaming' or not private.is_silent(generation) then
    return;
  end if;
  perform from public.sessions where session_id = generation.session_id for no key update;
  -- Looked at again: it may have gone on, or ended, until the locks were there.
  select * into generation from public.generations
  where generation_id = generation.generation_id
  for no key update;
  if generation.status = 'streaming' and private.is_silent(generation) then
    perform private.end_for_silence(generation);
  end if;
end
$$;

-- Refuses while a turn runs in the session; ends one that has gone silent. The caller has locked the
-- session.
create or replace function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  retry_after_seconds constant text := '2';
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if not private.is_silent(running) then
    perform private.refuse(409, 'turn_in_progress',
      'A reply is still being written in this session: wait until it ends, or cancel it.',
      retry_after_seconds);
  end if;
  perform private.end_for_silence(running);
end
$$;

revoke all on function
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
to service_role;

-- Replies whose writer is silent. Who needs one of them ends it on the way (private.end_if_silent); this
-- ends those that nobody asks for.

-- Ends replies that have been silent for too long, with what is saved of them: {limit?}, of replies
-- in one call; returns {reaped}. Background work calls it, for nobody. It waits for nobody either:
-- what somebody works on is left for the next call.
create or replace function public.reap_generations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds sessions.
  default_limit constant integer := 100;
  max_limit constant integer := 1000;
  -- How long a call of begin_turn may still come after it was given up.
  withdrawal_lifetime constant interval := '1 hour';
  limit_given constant numeric := (request ->> 'limit')::numeric;
  row_limit constant integer :=
    least(greatest(coalesce(limit_given, default_limit), 0), max_limit);
  silent record;
  generation public.generations;
  reaped integer := 0;
begin
  for silent in
    -- Few are running, and generation_streaming_in_session has them alone: an index by heartbeat
    -- would have to be written with each of them.
    select running.generation_id, running.session_id
    from public.generations running
    where running.status = 'streaming' and private.is_silent(running)
    order by running.heartbeat_at
  loop
    exit when reaped >= row_limit;
    perform from public.sessions where session_id = silent.session_id
    for no key update skip locked;
    continue when not found;
    select * into generation from public.generations
    where generation_id = silent.generation_id
    for no key update skip locked;
    if found and generation.status = 'streaming' and private.is_silent(generation) then
      perform private.end_for_silence(generation);
      reaped := reaped + 1;
    end if;
  end loop;
  delete from public.withdrawn_calls where created_at < clock_timestamp() - withdrawal_lifetime;
  return jsonb_build_object('reaped', reaped);
end
$$;

revoke all on function public.reap_generations(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.reap_generations(jsonb) to service_role;

-- A writer that was only slow: its reply was ended for silence while it lives. As long as nothing has come
-- after it in the conversation it goes on with its reply, as if it had been heard of all the time.

-- The generation, streaming again if it may be; else as it is. The caller has locked the session and the
-- generation. The message, if there is one, stays what readers see until the reply ends.
create or replace function private.reopen_generation(generation public.generations)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  content text;
begin
  if not generation.ended_by_silence then
    return generation;
  end if;
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch then
    return generation;
  end if;
  if generation.saved_bytes > 0 then
    -- Somebody's own words are in its place.
    select message.content into content from public.messages message
    where message.message_id = generation.message_id and message.revision = 1;
    if not found then
      return generation;
    end if;
  elsif generation.base_bytes > 0 then
    -- It has added nothing yet to the reply that it continues, whose text of that time is needed.
    select continued.content into content from public.messages continued
    where continued.message_id = generation.continued_from_id
      and octet_length(continued.content) = generation.base_bytes
      and not exists (
        select from public.message_revisions replaced
        where replaced.session_id = continued.session_id
          and replaced.message_id = continued.message_id
          and replaced.last_epoch >= generation.epoch);
    if not found then
      return generation;
    end if;
  end if;

  -- Not twice: the end that was counted is taken back, or what comes to it is counted alone.
  delete from public.turn_ends counted
  where counted.generation_id = generation.generation_id and counted.status = 'interrupted';
  if not found then
    update public.generations set save_count = 0, is_end_counted = true
    where generation_id = generation.generation_id;
  end if;
  if content <> '' then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, content);
  end if;
  update public.generations
  set status = 'streaming', finished_at = null, error_code = null, ended_by_silence = false,
      saved_bytes = coalesce(octet_length(content), 0), heartbeat_at = clock_timestamp()
  where generation_id = generation.generation_id
  returning * into generation;
  -- The path that its end has given back.
  update public.sessions
  set active_leaf_id = generation.user_message_id
  where session_id = generation.session_id
    and active_leaf_id = generation.previous_leaf_id
    and not exists (
      select from public.messages where message_id = generation.message_id);
  return generation;
end
$$;

revoke all on function private.reopen_generation(public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.reopen_generation(public.generations) to service_role;

-- Saves what a running reply has grown by. {generation_id, from_offset, text}, where no text is a
-- heartbeat; returns {cancel_requested, status, saved_bytes}. A status other than streaming means
-- that nothing was stored: stop. A reply that was ended for silence goes on, if it may.
create or replace function public.append_chunk(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  addition text;
begin
  -- Most replies run, and need not wait for whoever holds their session.
  select * into generation from public.generations
  where generation_id = wanted_id and not ended_by_silence
  for no key update;
  if not found then
    perform from public.sessions
    where session_id = (
      select session_id from public.generations where generation_id = wanted_id)
    for no key update;
    select * into generation from public.generations
    where generation_id = wanted_id
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
    end if;
    if generation.ended_by_silence then
      generation := private.reopen_generation(generation);
    end if;
  end if;
  if generation.status = 'streaming' then
    addition := private.text_beyond(
      generation.saved_bytes, (request ->> 'from_offset')::integer, request ->> 'text');
    if addition <> '' then
      insert into public.generation_chunks (generation_id, from_offset, text)
      values (generation.generation_id, generation.saved_bytes, addition);
    end if;
    update public.generations
    set saved_bytes = saved_bytes + octet_length(addition),
        save_count = save_count + (addition <> '')::integer,
        heartbeat_at = clock_timestamp()
    where generation_id = generation.generation_id
    returning * into generation;
  end if;

  return jsonb_build_object(
    'cancel_requested', generation.cancel_requested,
    'status', generation.status,
    'saved_bytes', generation.saved_bytes);
end
$$;

revoke all on function public.append_chunk(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.append_chunk(jsonb) to service_role;

-- Ends a turn. {generation_id, status, from_offset, text, finish_reason, error_code,
-- usage: {input_tokens, output_tokens} | null, first_token_ms, latency_ms, provider, model, attempts?,
-- extract?, dossier_facts?}, where attempts are the calls that were made for it (private.write_model_calls),
-- `extract` true says that the turn is worth reading for the dossier, question and reply, and
-- dossier_facts are the ids of the facts that the model was sent. Returns {message_id, status,
-- already, saved_bytes, title}, and of a turn that was told of its dossier `dossier`, {version, pending,
-- updated}, as they are now. message_id is null when the model has said nothing. Calling again changes
-- nothing and says `already`; and so it is with a reply that was ended for silence and may not go on: the
-- caller compares status and saved_bytes with what it has told its client.
create or replace function public.finish_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session record;
  fact_ids constant jsonb := coalesce(nullif(request -> 'dossier_facts', 'null'), '[]');
  is_first_call boolean;
begin
  select found.session_id, found.project_id, found.title into session
  from public.sessions found
  where found.session_id = (
    select session_id from public.generations where generation_id = wanted_id)
  for no key update;

  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  if request ->> 'status' is not null then
    generation := private.reopen_generation(generation);
  end if;
  is_first_call := generation.status = 'streaming';
  if is_first_call then
    if request ->> 'status' is null or request ->> 'status' not in (
      'complete', 'stopped', 'disconnected', 'interrupted', 'failed') then
      perform private.refuse(422, 'invalid_request',
        'status must be complete, stopped, disconnected, interrupted or failed.');
    end if;
    perform private.check_fact_ids(fact_ids);
    perform private.close_generation(generation, request);
    if fact_ids <> '[]' then
      update public.generations set dossier_facts = fact_ids
      where generation_id = generation.generation_id;
    end if;
    select * into generation from public.generations where generation_id = wanted_id;
  end if;

  return jsonb_build_object(
    'message_id', case when generation.saved_bytes > 0 then generation.message_id end,
    'status', generation.status,
    'already', not is_first_call,
    'saved_bytes', generation.saved_bytes,
    'title', session.title)
    || case when generation.dossier_version is null then '{}'
      else jsonb_build_object('dossier', (
        select jsonb_build_object(
          'version', dossier.head,
          'pending', private.is_dossier_pending(generation.session_id),
          'updated', private.is_dossier_updated(
            generation.session_id, generation.epoch, dossier.head))
        from public.dossiers dossier
        where dossier.project_id = session.project_id)) end;
end
$$;

revoke all on function public.finish_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.finish_turn(jsonb) to service_role;

-- Stores the end of a streaming generation: its text becomes the assistant's message, its chunks go. The
-- caller has locked the session and the generation. `outcome` is what finish_turn takes. A run that has
-- added nothing stores nothing, and gives back the path that it took away. The message is there already when
-- the reply was ended for silence and has gone on.
create or replace function private.store_reply(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  has_said_something boolean;
  is_known boolean;
  question public.messages;
begin
  select coalesce(string_agg(chunk.text, '' order by chunk.from_offset), '') into content
  from public.generation_chunks chunk
  where chunk.generation_id = generation.generation_id;
  content := content || private.text_beyond(
    generation.saved_bytes,
    coalesce((outcome ->> 'from_offset')::integer, generation.saved_bytes),
    outcome ->> 'text');
  has_said_something := octet_length(content) > generation.base_bytes;

  update public.generations
  set status = outcome ->> 'status',
      saved_bytes = case when has_said_something then octet_length(content) else 0 end,
      provider = coalesce(outcome ->> 'provider', provider),
      model = coalesce(outcome ->> 'model', model),
      finish_reason = outcome ->> 'finish_reason',
      error_code = outcome ->> 'error_code',
      input_tokens = (usage ->> 'input_tokens')::integer,
      output_tokens = (usage ->> 'output_tokens')::integer,
      first_token_ms = (outcome ->> 'first_token_ms')::integer,
      latency_ms = (outcome ->> 'latency_ms')::integer,
      finished_at = ended_at
  where generation_id = generation.generation_id
  returning * into generation;
  perform private.record_turn_calls(generation, outcome);

  delete from public.generation_chunks where generation_id = generation.generation_id;

  if not has_said_something then
    update public.sessions
    set active_leaf_id = generation.previous_leaf_id
    where session_id = generation.session_id
      and active_leaf_id = generation.user_message_id
      and generation.previous_leaf_id is not null;
    return;
  end if;

  select * into question from public.messages where message_id = generation.user_message_id;
  is_known := exists (select from public.messages where message_id = generation.message_id);

  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role,
    content, status, provider, model, input_tokens, output_tokens, metadata, created_at, updated_at)
  select
    generation.message_id, session.session_id, session.owner_id, question.message_id,
    question.turn_id, question.turn_number, session.message_count + 1, question.depth + 1,
    'assistant', content,
    generation.status, generation.provider, generation.model,
    generation.input_tokens, generation.output_tokens,
    jsonb_strip_nulls(jsonb_build_object(
      'status', generation.status,
      'finish_reason', generation.finish_reason,
      'error_code', generation.error_code,
      'stream_id', generation.stream_id,
      'continued_from', generation.continued_from_id)),
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id
  on conflict (message_id) do update
  set content = excluded.content, status = excluded.status, provider = excluded.provider,
      model = excluded.model, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, metadata = excluded.metadata;

  -- The path may have moved while the model wrote: then this is one more take beside it.
  update public.sessions
  set message_count = message_count + (not is_known)::integer,
      last_message_at = ended_at,
      active_leaf_id = case
        when active_leaf_id = question.message_id then generation.message_id
        else active_leaf_id
      end
  where session_id = generation.session_id;
end
$$;

revoke all on function private.store_reply(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.store_reply(public.generations, jsonb) to service_role;

-- The answer to a turn whose stream_id is another one's.
create or replace function private.refuse_stream() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(409, 'stream_exists',
    'This stream_id names another request: send this one under a new stream_id, or under none.');
end
$$;

-- The generation that this principal has begun with the same request, under the request's idempotency
-- key or else under its stream_id; nulls when there is none. From here on both names are locked: of two
-- first requests at once the second waits, and then finds the turn of the other. Locks of their own,
-- because a first turn has no row yet to wait for, and one that comes too late must not leave a
-- session behind.
create or replace function private.find_named_generation(principal_id uuid, request jsonb)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  wanted_key text := request ->> 'idempotency_key';
  wanted_stream_id text := request ->> 'stream_id';
  generation public.generations;
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
  return generation;
end
$$;

-- What begin_turn answers of a turn that a request has named again.
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
    'status', generation.status);
end
$$;

revoke all on function
  private.refuse_stream(),
  private.find_named_generation(uuid, jsonb),
  private.describe_repeated_turn(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_stream(),
  private.find_named_generation(uuid, jsonb),
  private.describe_repeated_turn(public.generations)
to service_role;

-- A run that has ended, or is to end, without a word: as if its model had never been asked.

-- Takes away a generation that has said nothing, if its writer was not heard of or has given it up, and
-- nothing has come after it; false when that is not so. Its question stays, and the path is where the run
-- found it. The caller has locked the session and the generation.
create or replace function private.forget_run(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch
    or generation.save_count > 0
    or exists (select from public.messages where message_id = generation.message_id)
    or exists (
      select from public.message_revisions edited
      where edited.session_id = generation.session_id and edited.last_epoch = generation.epoch)
    or not (generation.status = 'streaming' or generation.ended_by_silence)
  then
    return false;
  end if;
  update public.sessions
  set last_epoch = last_epoch - 1,
      active_leaf_id = case when active_leaf_id = generation.user_message_id
        then coalesce(generation.previous_leaf_id, active_leaf_id) else active_leaf_id end
  where session_id = generation.session_id;
  delete from public.generations where generation_id = generation.generation_id;
  return true;
end
$$;

-- Of a request that is made again, under the name of a turn whose writer has died without a word: forgets
-- that run, so that the request runs now. The question is returned; nulls when the turn is to be told as
-- it is. The session is locked then.
create or replace function private.forget_dead_run(named public.generations) returns public.messages
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
  question public.messages;
begin
  if not (named.ended_by_silence or (named.status = 'streaming' and private.is_silent(named))) then
    return null;
  end if;
  perform from public.sessions where session_id = named.session_id for no key update;
  select * into generation from public.generations
  where generation_id = named.generation_id
  for no key update;
  if (generation.ended_by_silence
      or (generation.status = 'streaming' and private.is_silent(generation)))
    and private.forget_run(generation)
  then
    select * into question from public.messages where message_id = generation.user_message_id;
  end if;
  return question;
end
$$;

revoke all on function
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
to service_role;

-- A call of begin_turn that its caller has given up, because it was not answered in time: whether it has
-- run, runs, or still waits somewhere, no turn comes of it. No clock is asked, so that it does not matter
-- how long the call was under way, nor whose clock is wrong.

-- From here on to the end of the transaction begin_turn and withdraw_turn of the same call exclude each
-- other.
create or replace function private.lock_call(call_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(call_id::text, 2));
end
$$;

-- Refuses to begin what has been given up: `call_id` is withdrawn, or the caller waits no longer than
-- `wait_ms` from the beginning of the transaction. begin_turn asks after it has its locks.
create or replace function private.check_still_awaited(call_id uuid, wait_ms integer) returns void
language plpgsql set search_path = '' as $$
begin
  if clock_timestamp() > transaction_timestamp() + make_interval(secs => wait_ms / 1000.0)
    or exists (
      select from public.withdrawn_calls withdrawn
      where withdrawn.call_id = check_still_awaited.call_id)
  then
    perform private.refuse(503, 'database_unavailable',
      'This took too long, and nothing was begun: send the request again.', '1');
  end if;
end
$$;

-- Takes back the turn that a call of begin_turn has begun, and keeps it from beginning one: {call_id};
-- returns {withdrawn}, true when a turn was taken back. Calling again changes nothing.
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
    -- It answers a question of an earlier call, whose writer has died without a word: again it has.
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
      -- The path went on through what was edited.
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
    -- What was made for this turn alone.
    if session.message_count = 0 and generation.epoch = 1 then
      delete from public.sessions where session_id = session.session_id;
      delete from public.projects
      where project_id = session.project_id and created_at = session.created_at;
    end if;
  end if;
  return jsonb_build_object('withdrawn', is_withdrawn);
end
$$;

revoke all on function
  private.lock_call(uuid),
  private.check_still_awaited(uuid, integer),
  public.withdraw_turn(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.lock_call(uuid),
  private.check_still_awaited(uuid, integer),
  public.withdraw_turn(jsonb)
to service_role;

-- The running generation, with what explains it later: also the facts that the prompt has. `session` is
-- as it was before this turn, `bot` nulls where none is asked.
create or replace function private.start_generation(
  session public.sessions, question public.messages, continued public.messages, bot public.bots,
  history private.turn_history, request jsonb, begun_at timestamptz
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
    saved_bytes, continued_from_id, previous_leaf_id, sent_from_depth, summary_until_id,
    summary_heading, instruction, system_prompt, settings, idempotency_key, request_hash, bot_id,
    dossier_version, dossier_facts, reads_question, prompt, call_id, started_at, heartbeat_at)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, coalesce(request ->> 'provider', bot.provider),
    coalesce(request ->> 'model', bot.model), turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    history.from_depth, history.summary_until_id,
    case when history.summary_until_id is not null then request ->> 'summary_heading' end,
    request ->> 'instruction', coalesce(request ->> 'system_prompt', bot_system),
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when coalesce(request ->> 'idempotency_key', request ->> 'stream_id') is not null
      then request ->> 'request_hash' end,
    bot.bot_id, (request ->> 'dossier_version')::bigint,
    coalesce(request -> 'dossier_facts', '[]'),
    coalesce((request ->> 'extract')::boolean, false), request ->> 'prompt',
    private.read_id(request, 'call_id'), begun_at, begun_at)
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

revoke all on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
to service_role;

-- Cancelling a reply that is being written. Whoever writes it is told with its next save
-- (append_chunk), and ends it as stopped.

-- Asks the running reply of a stream to stop: {principal, stream_id, body: {epoch?}}; the body of the
-- answer is {stream_id, epoch, status, cancel_requested}. With an epoch that is not the stream's, and
-- once the reply has ended, nothing is changed, as the answer tells: a cancel that comes late stops
-- nothing else.
create or replace function public.request_cancel(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  meant_epoch_text constant text := request -> 'body' ->> 'epoch';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  generation public.generations;
begin
  if meant_epoch_text !~ '^[1-9][0-9]{0,17}$' then
    perform private.refuse(422, 'invalid_request',
      'epoch must be a whole number from 1 on, as told with the stream: or leave it out.');
  end if;
  generation := private.find_generation(
    principal_id, jsonb_build_object('stream_id', request -> 'stream_id'));
  -- Nobody is there to be told.
  perform private.end_if_silent(generation);

  update public.generations
  set cancel_requested = true
  where generation_id = generation.generation_id and status = 'streaming'
    and epoch = coalesce(meant_epoch_text::bigint, epoch) and not cancel_requested;
  -- One that was ended for silence stays ended, also if its writer lives.
  update public.generations
  set ended_by_silence = false
  where generation_id = generation.generation_id and ended_by_silence
    and epoch = coalesce(meant_epoch_text::bigint, epoch);
  select * into generation from public.generations
  where generation_id = generation.generation_id;
  return private.answer(jsonb_build_object(
    'stream_id', generation.stream_id,
    'epoch', generation.epoch,
    'status', generation.status,
    'cancel_requested', generation.cancel_requested));
end
$$;

revoke all on function public.request_cancel(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.request_cancel(jsonb) to service_role;

-- Begins a turn in one of four ways: something new is said, something said before is said otherwise, a
-- reply is taken again, a reply goes on. A repeated request begins nothing, unless its turn has died without
-- a word: then it runs. One call, one transaction. Locks are taken in the order principal, call, idempotency
-- key, rate limit, session, generation.
--
-- Takes {principal, kind, session_id | null, project_id | null, text, title, provider, model,
-- history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional, {action, message_id,
-- external_id, bot_id, instruction, system_prompt, prompt, settings, idempotency_key, request_hash,
-- rate_limit, message_metadata, task_prompts, task_prompt_labels, dossier, dossier_heading, extract, call_id,
-- wait_ms}.
--   principal         what private.resolve_principal takes
--   title             for a session that is created
--   claimed_user_id   must be the principal's own
--   rate_limit        {action, max_requests, window_seconds}
--   external_id       in place of session_id, the caller's name for the conversation, which its first turn
--                     creates
--   bot_id            of a bot that the principal may use; where provider and model are absent, the bot's
--                     are kept of the turn
--   message_metadata  {task, attachments}, both optional, kept with the user's message: attachments, with
--                     the `tokens` that each takes of the budget, are for the caller to send; task is what
--                     the message asks for, and when that message is answered again its prompt in
--                     task_prompts, an object, is kept as the system prompt, and its label in
--                     task_prompt_labels as `prompt`
--   prompt            name and version of the prompt that system_prompt is, such as chat-1
--   dossier           true: the turn is told what is known of the story, after dossier_heading, and the
--                     system prompt that is kept ends with both
--   extract           whether the user's message is worth reading for the dossier, however the turn ends
--   call_id           a new UUID, by which the caller takes the turn back if it gives up (withdraw_turn)
--   wait_ms           refuses when more than this has passed since the transaction began: nobody waits
--                     any more
--   action            say         `text` comes after the path's end (the default)
--                     edit        `text` stands beside the user's message `message_id`
--                     regenerate  the reply `message_id` is taken again, or the user's message answered
--                                 again
--                     continue    the reply `message_id` goes on in a new take, after `instruction` if
--                                 there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, summary | null,
-- history, replayed}, where message_id is the one that the reply will have, its text so far has
-- base_bytes, history is what the model is sent before `text` or `instruction`, and summary is of
-- what was said before that; of regenerate and continue also the message_metadata of the message that is
-- answered, if it has any; with a bot_id also bot: {bot_id, provider, model, system, access_path,
-- access_key}, with a rate_limit also rate: {limit, remaining, reset_s}. A request that was made
-- before, under its idempotency key or its stream_id, has `replayed` true, the `status` of that turn,
-- neither history nor summary, and neither bot nor rate: call read_turn. With `dossier`, of a session that
-- has a project, also dossier: {version, pending, updated, told}, where told is to be sent after the system
-- prompt.
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
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  if wanted_call_id is not null then
    perform private.lock_call(wanted_call_id);
  end if;
  named := private.find_named_generation(principal_id, request);
  if named.generation_id is not null then
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
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when dossier is null then '{}' else jsonb_build_object('dossier', dossier) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;

revoke all on function public.begin_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_turn(jsonb) to service_role;

-- Replaces the text of a reply: {principal, message_id, body: {content}, if_match}; the body is the
-- message. The old text stays a revision, and what models have been sent stays as it was.
create or replace function public.edit_reply(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_content_bytes constant integer := 4194304;
  content_given jsonb := request -> 'body' -> 'content';
  new_content text := request -> 'body' ->> 'content';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  message public.messages;
  take_number bigint;
  take_count bigint;
begin
  if jsonb_typeof(content_given) is distinct from 'string'
    or octet_length(new_content) not between 1 and max_content_bytes then
    perform private.refuse(422, 'invalid_request',
      format('content must be a text of 1 to %s bytes.', max_content_bytes));
  end if;
  message := private.open_message(principal_id, private.read_id(request, 'message_id'));
  if message.role <> 'assistant' then
    perform private.refuse(422, 'invalid_request',
      'Only the text of a reply can be changed: to say something else, send it as an edit.');
  end if;
  -- It was ended for silence, and its writer has gone on.
  if exists (
    select from public.generations
    where message_id = message.message_id and status = 'streaming')
  then
    perform private.refuse(409, 'turn_in_progress',
      'This reply is still being written: wait until it ends, or cancel it.', '2');
  end if;
  if request ->> 'if_match' <> message.revision::text then
    perform private.refuse(412, 'precondition_failed',
      'This reply has been changed since it was read: read it again, then decide.');
  end if;

  if message.content <> new_content then
    insert into public.message_revisions (
      session_id, message_id, owner_id, revision, content, last_epoch, replaced_at)
    select session.session_id, message.message_id, session.owner_id, message.revision,
      message.content, session.last_epoch, clock_timestamp()
    from public.sessions session
    where session.session_id = message.session_id;
    update public.messages
    set content = new_content,
        revision = revision + 1,
        metadata = metadata || '{"is_edited": true}'
    where message_id = message.message_id
    returning * into message;
  end if;

  select count(*) filter (where take.position <= message.position), count(*)
  into take_number, take_count
  from private.takes_of(message) take;
  return private.answer(
    private.message_body(message, take_number, take_count), etag => message.revision::text);
end
$$;

revoke all on function public.edit_reply(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.edit_reply(jsonb) to service_role;

-- However a generation ends, its end is counted. Of a reply whose end for silence was counted already, what
-- has come since is added.
create or replace function private.count_turn_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.turn_ends (
    kind, provider, model, status, saves, first_token_ms, latency_ms, generation_id, is_addition)
  select session.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status,
    new.save_count, new.first_token_ms, new.latency_ms, new.generation_id, new.is_end_counted
  from public.sessions session
  where session.session_id = new.session_id;
  return null;
end
$$;

revoke all on function private.count_turn_end() from public, anon, authenticated, service_role;

-- Adds the ends that no total has yet. Not twice at once: the caller has locked the cache's row.
create or replace function private.count_turn_ends() returns void
language plpgsql set search_path = '' as $$
declare
  -- Whoever has a bot chooses a model's name. Beyond so many they are counted together, because each
  -- is a time series of its own for whoever asks.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.turn_totals) known);
begin
  with ended as (
    delete from public.turn_ends returning *
  ),
  models as (
    select sent.*, exists (
      select from public.turn_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from ended) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  ),
  counted as (
    insert into public.turn_totals as total
    select ended.kind, coalesce(admitted.provider, 'other') as provider,
      coalesce(admitted.model, 'other') as model, ended.status,
      count(*) filter (where not ended.is_addition), sum(ended.saves)
    from ended
    left join admitted
      on admitted.kind = ended.kind and admitted.provider = ended.provider
      and admitted.model = ended.model
    group by 1, 2, 3, 4
    on conflict (kind, provider, model, status) do update
    set turns = total.turns + excluded.turns,
        saves = total.saves + excluded.saves
  )
  insert into public.duration_totals as total
  -- Of whole milliseconds: the bounds that are at most one less are those below.
  select timed.measure, ended.kind,
    width_bucket(timed.duration_ms - 1, private.duration_bounds_ms()) as bucket,
    count(*), sum(timed.duration_ms)
  from ended
  cross join lateral (
    values ('first_token', ended.first_token_ms), ('latency', ended.latency_ms)
  ) timed (measure, duration_ms)
  where timed.duration_ms is not null
  group by 1, 2, 3
  on conflict (measure, kind, bucket) do update
  set durations = total.durations + excluded.durations, sum_ms = total.sum_ms + excluded.sum_ms;
end
$$;

revoke all on function private.count_turn_ends() from public, anon, authenticated, service_role;
grant execute on function private.count_turn_ends() to service_role;

-- Every engine function.
do $$
declare
  engine_function record;
begin
  for engine_function in
    select oid::regprocedure as name from pg_proc
    where pronamespace = 'public'::regnamespace
      and has_function_privilege('service_role', oid, 'execute')
      and proargnames[1] = 'request'
  loop
    execute format('alter function %s set lock_timeout = %L', engine_function.name, '2s');
  end loop;
end
$$;

-- No statement runs longer than whoever asked for it waits: the edge's calls give up after 15 seconds
-- (kDatabaseTimeoutMs in wasm/engine/database.hpp). PostgREST takes these settings over with the role. That
-- nobody waits long for a lock is a setting of each function: one locked principal delays only itself.
do $$
begin
  alter role service_role set statement_timeout = '10s';
  alter role authenticated set statement_timeout = '8s';
  alter role anon set statement_timeout = '3s';
exception when insufficient_privilege then
  -- Where roles are another's, their owner sets it.
  raise notice 'statement time-outs of roles are left as they are: %', sqlerrm;
end
$$;

select private.align_grants_with_policies();
