-- A turn keeps the name and version of the prompt that its model was told.
alter table public.generations
  add column prompt text check (char_length(prompt) between 1 and 64);

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
    dossier_version, dossier_facts, reads_question, prompt, started_at, heartbeat_at)
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
    coalesce((request ->> 'extract')::boolean, false), request ->> 'prompt', begun_at, begun_at)
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

create or replace function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Of what is told of the dossier, for each token of history: a quarter of it.
  dossier_bytes_per_token constant integer := 1;
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
