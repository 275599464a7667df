-- What a turn is told of its dossier, and what is kept of that: the version that it saw, and the facts that
-- its model was sent.

alter table public.generations
  -- The head of the dossier's log when the turn began; null where it was not asked for.
  add column dossier_version bigint check (dossier_version >= 0),
  -- The assertions that the prompt's lines about the story come from.
  add column dossier_facts jsonb not null default '[]' check (jsonb_typeof(dossier_facts) = 'array');

-- Whether the log has moved since the session's turn before this one, which is told by its epoch.
create function private.is_dossier_updated(
  wanted_session_id uuid, this_epoch bigint, log_head bigint
) returns boolean
language sql stable set search_path = ''
return coalesce((
  select earlier.dossier_version < log_head
  from public.generations earlier
  where earlier.session_id = wanted_session_id and earlier.epoch < this_epoch
    and earlier.dossier_version is not null
  order by earlier.epoch desc
  limit 1
), false);

-- Whether something that was said in the session is still to be read for the dossier.
create function private.is_dossier_pending(wanted_session_id uuid) returns boolean
language sql stable set search_path = ''
return exists (
  select from public.background_tasks
  where session_id = wanted_session_id and kind = 'dossier_extraction'
    and status in ('queued', 'running'));

-- What a turn of this session, which is as it was before it, is told: {version, folded_to, log_start,
-- snapshot_json, facts, tail, pending, updated}. facts is what prompts are told of the snapshot, as it was
-- stored with it; tail is the log after folded_to, bounded. Both are right as they are when folded_to is
-- the version; else whoever needs more folds the log. updated is whether the dossier has moved since the
-- session's previous turn.
create function private.dossier_of_turn(session public.sessions) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'version', dossier.head,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'snapshot_json', dossier.snapshot_json,
    'facts', dossier.facts_json,
    'tail', case when dossier.head > dossier.folded_to
      then private.read_log(dossier.project_id, dossier.folded_to, null, 200, 262144)
      else '[]' end,
    'pending', private.is_dossier_pending(session.session_id),
    'updated', private.is_dossier_updated(
      session.session_id, session.last_epoch + 1, dossier.head))
  from public.dossiers dossier
  where dossier.project_id = session.project_id);

-- The facts that a generation's model was sent: [{fact_id, kind, body, message_id}], of those that have
-- been removed since the id alone.
create function private.describe_facts(generation public.generations) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object('fact_id', sent.fact_id)
      || case when fact.assertion_id is null then '{}'
        else jsonb_build_object(
          'kind', fact.kind, 'body', fact.body, 'message_id', fact.message_id) end
    order by sent.place), '[]')
  from jsonb_array_elements_text(generation.dossier_facts)
    with ordinality as sent (fact_id, place)
  left join lateral (
    select * from public.dossier_assertions
    where project_id = (
        select project_id from public.sessions where session_id = generation.session_id)
      and assertion_id = sent.fact_id
    limit 1
  ) fact on true);

-- Refuses what is no list of facts.
create function private.check_fact_ids(fact_ids jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_facts constant integer := 2000;
begin
  if jsonb_typeof(fact_ids) <> 'array'
    or jsonb_array_length(fact_ids) > max_facts
    or exists (
      select from jsonb_array_elements_text(fact_ids) sent (fact_id)
      where (sent.fact_id ~ '^[0-9a-f]{64}$') is not true)
  then
    perform private.refuse(422, 'invalid_request', format(
      'dossier_facts must be an array of at most %s ids of assertions.', max_facts));
  end if;
end
$$;

-- The running generation, with what explains it later. `session` is as it was before this turn, `bot`
-- nulls where none is asked.
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
    dossier_version, reads_question, started_at, heartbeat_at)
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
    coalesce((request ->> 'extract')::boolean, false), begun_at, begun_at)
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
-- request_hash, rate_limit, message_metadata, task_prompts, dossier, extract}. principal is what
-- private.resolve_principal takes, title is for a session that is created, a claimed_user_id must be
-- the principal's own, rate_limit is {action, max_requests, window_seconds}. external_id, in place of session_id, is the caller's name for the
-- conversation, which its first turn creates. A bot_id is of a bot that the principal may use; where
-- provider and model are absent, the bot's are kept of the turn. message_metadata, {task, attachments}
-- and all optional, is kept with the user's message: attachments, with the `tokens` that each takes of
-- the budget, are for the caller to send; task is what the message asks for, and when that message is
-- answered again its prompt in task_prompts, an object, is kept as the system prompt. With `dossier` true the
-- turn is told what is known of the story; `extract` is whether the user's message is worth reading for
-- the dossier, however the turn ends. action is
--   say         `text` comes after the path's end (the default)
--   edit        `text` stands beside the user's message `message_id`
--   regenerate  the reply `message_id` is taken again, or the user's message answered again
--   continue    the reply `message_id` goes on in a new take, after `instruction` if there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, summary | null,
-- history, replayed}, where message_id is the one that the reply will have, its text so far has
-- base_bytes, history is what the model is sent before `text` or `instruction`, and summary is of
-- what was said before that; of regenerate and continue also the message_metadata of the message that is
-- answered, if it has any; with a bot_id also bot: {bot_id, provider, model, system, access_path,
-- access_key}, with a rate_limit also rate: {limit, remaining, reset_s}. A request that was made
-- before, under its idempotency key or its stream_id, has `replayed` true, the `status` of that turn,
-- neither history nor summary, and neither bot nor rate: call read_turn.
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
  history private.turn_history;
  generation public.generations;
  dossier jsonb;
  begun_at timestamptz;
begin
  perform private.check_turn_request(request);
  perform private.check_message_metadata(request);
  principal_id := private.resolve_principal(request -> 'principal');
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  repeated := private.find_repeated_turn(principal_id, request);
  if repeated is not null then
    return repeated || '{"summary": null}';
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
  question := private.place_question(session, turn_action, target, request ->> 'text',
    request -> 'message_metadata', begun_at);
  if request -> 'task_prompts' ? (question.metadata ->> 'task') then
    request := request || jsonb_build_object(
      'system_prompt', request -> 'task_prompts' -> (question.metadata ->> 'task'));
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
    dossier := private.dossier_of_turn(session);
    request := request || jsonb_build_object('dossier_version', dossier -> 'version');
  end if;
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', generation.epoch = 1,
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

-- Ends a turn. {generation_id, status, from_offset, text, finish_reason, error_code,
-- usage: {input_tokens, output_tokens} | null, first_token_ms, latency_ms, provider, model, extract?,
-- dossier_facts?}, where `extract` true says that the turn is worth reading for the dossier, question and
-- reply, and dossier_facts are the ids of the facts that the model was sent. Returns {message_id, status,
-- already, saved_bytes, title}, and of a turn that was told of its dossier `dossier`, {version, pending,
-- updated}, as they are now. message_id is null when the model has said nothing. Calling again changes
-- nothing and says `already`.
create or replace function public.finish_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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

-- What the model was sent for a reply: {principal, message_id}; the body is {message_id, stream_id,
-- action, provider, model, system_prompt, settings, summary, messages, attachments, facts, tokens:
-- {in, out}, created_at}, where summary is of what was said before the messages, and facts are those of
-- the dossier.
create or replace function public.read_context(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  is_visible boolean;
  generation public.generations;
  summary_sent text;
begin
  perform private.act_as(principal_id);
  is_visible := exists (
    select from public.messages message
    join public.sessions session on session.session_id = message.session_id
    where message.message_id = wanted_id and session.is_active);
  perform set_config('role', own_role, true);
  if not is_visible then
    perform private.refuse_unknown_message();
  end if;
  select * into generation from public.generations
  where message_id = wanted_id and sent_from_depth is not null;
  if not found then
    perform private.refuse(404, 'not_found',
      'For this message no model was asked, or what it was sent has not been kept: name a reply.');
  end if;
  select summary into summary_sent from public.session_summaries
  where session_id = generation.session_id
    and until_message_id = generation.summary_until_id;
  return private.answer(jsonb_build_object(
    'message_id', generation.message_id,
    'stream_id', generation.stream_id,
    'action', generation.action,
    'provider', generation.provider,
    'model', generation.model,
    'system_prompt', case
      when generation.summary_heading is null or summary_sent is null then generation.system_prompt
      else concat(generation.system_prompt, generation.summary_heading, summary_sent)
    end,
    'settings', generation.settings,
    'summary', summary_sent,
    'messages', private.read_sent_messages(principal_id, generation),
    'attachments', coalesce((
      select question.metadata -> 'attachments' from public.messages question
      where question.message_id = generation.user_message_id), '[]'),
    'facts', private.describe_facts(generation),
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

revoke all on function
  private.is_dossier_updated(uuid, bigint, bigint),
  private.is_dossier_pending(uuid),
  private.dossier_of_turn(public.sessions),
  private.describe_facts(public.generations),
  private.check_fact_ids(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_dossier_updated(uuid, bigint, bigint),
  private.is_dossier_pending(uuid),
  private.dossier_of_turn(public.sessions),
  private.describe_facts(public.generations),
  private.check_fact_ids(jsonb)
to service_role;
