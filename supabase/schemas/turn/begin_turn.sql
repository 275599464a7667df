-- Begins a turn in one of four ways: adds a new message, edits an earlier message, regenerates a reply, or
-- continues a reply. A repeated request begins nothing, unless its writer has died before it stored any text,
-- or its turn has failed without any text: then the turn runs again. One call is one transaction. Locks are
-- taken in the order admission, principal, call, idempotency key, rate limit, session, generation, the
-- principal's plan.
--
-- Takes {principal, kind, session_id | null, project_id | null, text, title, provider, model,
-- history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional, {action, message_id,
-- external_id, bot_id, instruction, system_prompt, prompt, settings, idempotency_key, request_hash,
-- rate_limit, admission, message_metadata, task_prompts, task_prompt_labels, dossier, dossier_heading, extract,
-- if_newest, call_id, wait_ms, chosen, guidance, instructions, hides_public_bots}.
--   principal         as for private.resolve_principal
--   title             for a new session
--   claimed_user_id   must be the principal's own
--   rate_limit        {action, max_requests, window_seconds}
--   admission         see private.admit; the turn then takes a share of the principal's plan
--   external_id       instead of session_id: the caller's name for the conversation, which its first turn
--                     creates
--   bot_id            a bot that the principal may use; where provider and model are absent, the turn
--                     records the bot's
--   hides_public_bots whether bots of others may not be used, although they are public
--   message_metadata  {task, attachments, client_id}, all optional, stored with the user's message:
--                     client_id is the client's own name for it; attachments, with the `tokens` that each
--                     takes of the budget, are sent by the caller; task is the message's task, and when
--                     that message is answered again the task's prompt in task_prompts, an object, is
--                     stored as the system prompt, and its label in task_prompt_labels as `prompt`
--   prompt            name and version of the prompt in system_prompt, such as chat-1
--   dossier           true: the answer has the dossier's text, after dossier_heading, and the stored
--                     system prompt ends with both
--   extract           whether the user's message is worth reading for the dossier, however the turn ends
--   kinds             {companion: {system_prompt, prompt, ...}}: other kinds of conversations whose messages
--                     the action may concern, with the members that then replace the request's
--   character_id, given, greeting_index, user_word
--                     for a conversation with a companion: see private.prepare_conversation
--   character_prompt, character_prompt_label, caller_instructions
--                     see private.with_character
--   call_id           a new UUID, with which the caller withdraws the turn if it gives up (withdraw_turn)
--   if_newest         refuses with 412 unless message_id is the path's last message
--   chosen            {model, temperature, max_tokens}, all optional: this turn's model and its settings;
--                     the session decides absent ones. settings are then the deployment's, whose
--                     max_output_tokens is the upper limit
--   guidance          the guidance of a regenerate for this take, which `instruction` tells the model:
--                     stored in the reply's metadata
--   instructions      of a new session; they follow the system prompt from then on
--   wait_ms           refuses when more than this has passed since the transaction began, because the
--                     caller no longer waits
--   action            say         adds `text` at the path's end (the default)
--                     edit        adds `text` next to the user's message `message_id`
--                     regenerate  makes another take of the reply `message_id`, or answers the user's
--                                 message again, after `instruction` if there is one
--                     continue    continues the reply `message_id` in a new take, after `instruction` if
--                                 there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, summary | null,
-- history, replayed}, where message_id is the future reply's, its text so far has base_bytes, history
-- precedes `text` or `instruction` in the prompt, and summary covers the messages before the history. If
-- `text` is too long for the budget, also text, which replaces it in the prompt; for regenerate and continue
-- also the message_metadata of the answered message, if it has any; with a bot_id also bot: {bot_id,
-- provider, model, system, access_path, access_key}, with a rate_limit also rate: {limit, remaining,
-- reset_s}. A repeated request, identified by its idempotency key or its stream_id, has `replayed` true, the
-- `status` of that turn, neither history nor summary, and neither bot nor rate: call read_turn. With
-- `dossier`, for a session with a project, also dossier: {version, pending, updated, told}, where told
-- follows the system prompt in the prompt. For a companion's or a realtime session also `kind`; for a
-- companion's also {character}. If only the database knows the system prompt, or the project or the session
-- has instructions, also system_prompt, which replaces the request's. With chosen settings, of the turn or
-- its session, also `chosen`, and with request data for the reply's metadata also `reply_metadata`. For a
-- named principal also created_user: whether this call created the user.
create function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- The bytes of the dossier that the model gets for each token of history: about a quarter of the budget.
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
  sent_parts jsonb;
  kept_parts jsonb;
  chosen jsonb;
  begun_at timestamptz;
begin
  perform private.check_turn_request(request);
  perform private.check_message_metadata(request);
  principal_id := private.admit(request);
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
    bot := private.visible_bot(
      principal_id, wanted_bot_id, (request ->> 'hides_public_bots')::boolean);
  end if;

  session := private.open_turn_session(principal_id, request);
  if session.kind = 'companion' then
    if turn_action = 'say' and dead_question.message_id is null then
      session := private.prepare_conversation(session, request, transaction_timestamp());
    end if;
    companion := private.visible_character(principal_id, session.character_id);
    request := private.with_character(session, companion, request);
  end if;
  chosen := private.chosen_settings(session, bot, request);
  request := private.with_chosen_settings(request, chosen);
  if turn_action <> 'say' then
    target := private.read_target(session, private.read_id(request, 'message_id'));
    if (request ->> 'if_newest')::boolean and target.message_id is distinct from session.active_leaf_id then
      perform private.refuse(412, 'precondition_failed',
        'The conversation has gone on from another message. Read it, and decide anew.');
    end if;
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
  if session.kind = 'companion' then
    request := private.with_memories(session, question, request);
  end if;
  sent_parts := private.prompt_parts(session, coalesce(request ->> 'system_prompt', bot.system));
  -- Another owner's bot keeps its instructions secret, even from the user of the turn.
  kept_parts := case when bot.owner_id <> session.owner_id
    then private.prompt_parts(session, request ->> 'system_prompt') else sent_parts end;
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
      'dossier_facts', dossier -> 'fact_ids');
    if told <> '' then
      kept_parts := kept_parts || jsonb_build_object('part', 'dossier', 'text', told);
    end if;
    dossier := dossier - array['text', 'fact_ids'] || jsonb_build_object('told', told);
  end if;
  request := request || jsonb_build_object(
    'system_prompt', private.joined_prompt(kept_parts), 'prompt_parts', kept_parts);
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);
  if private.is_admission_asked(request) then
    -- After all other locks. Each turn adds a reply.
    perform private.check_stored_bytes(principal_id, 0);
    perform private.take_turn_share(generation, question, request);
  end if;

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', coalesce(named.epoch, generation.epoch) = 1,
      'summary', history.summary,
      'history', history.messages,
      'replayed', false)
    || case when history.question_text is null then '{}'
      else jsonb_build_object('text', history.question_text) end
    || case when turn_action in ('regenerate', 'continue') and question.metadata <> '{}'
      then jsonb_build_object('message_metadata', question.metadata) else '{}' end
    || case when session.kind in ('chat', 'relay') then '{}'
      else jsonb_build_object('kind', session.kind) end
    || case when session.kind = 'companion' or (session.kind = 'realtime' and request ? 'kinds')
        or jsonb_path_exists(sent_parts, '$[*] ? (@.part != "prompt")')
      then jsonb_build_object('system_prompt', nullif(
        concat(private.joined_prompt(sent_parts), request ->> 'memory_text'), '')) else '{}' end
    || case when session.kind <> 'companion' then '{}'
      else private.describe_companion(session, companion) end
    || case when chosen = '{}' then '{}' else jsonb_build_object('chosen', chosen) end
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

revoke all on function public.begin_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_turn(jsonb) to service_role;
