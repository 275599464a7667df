-- What a user's message asks for besides its text, kept with it: a task, and attachments by the place
-- where they lie. Whoever answers the message again, or goes on with a reply to it, finds it there.

-- Refuses metadata that is not what a message can be kept with.
create function private.check_message_metadata(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  -- A request's body, in which texts may be attached.
  max_bytes constant integer := 524288;
  max_attachments constant integer := 8;
  metadata jsonb := coalesce(nullif(request -> 'message_metadata', 'null'), '{}');
begin
  if jsonb_typeof(metadata) <> 'object'
    or metadata - array['task', 'attachments'] <> '{}'
    or octet_length(metadata::text) > max_bytes
    or jsonb_typeof(coalesce(metadata -> 'task', '""')) <> 'string'
    or jsonb_typeof(coalesce(metadata -> 'attachments', '[]')) <> 'array'
    or (metadata <> '{}' and coalesce(request ->> 'action', 'say') not in ('say', 'edit'))
  then
    perform private.refuse(422, 'invalid_request', format(
      'message_metadata must be {task, attachments} of at most %s bytes, of a message that is said.',
      max_bytes));
  end if;
  if jsonb_array_length(coalesce(metadata -> 'attachments', '[]')) > max_attachments then
    perform private.refuse(422, 'invalid_request', format(
      'A message has at most %s attachments.', max_attachments));
  end if;
end
$$;

-- What the message's attachments take of the prompt.
create function private.attached_tokens(question public.messages) returns integer
language sql immutable parallel safe
return coalesce((
  select pg_catalog.sum((attachment.value ->> 'tokens')::integer)::integer
  from pg_catalog.jsonb_array_elements(question.metadata -> 'attachments') attachment), 0);

-- The message that the model answers: of `say` and `edit` a new one.
drop function private.place_question(
  public.sessions, text, public.messages, text, timestamptz);
create function private.place_question(
  session public.sessions, turn_action text, target public.messages, said text,
  message_metadata jsonb, begun_at timestamptz
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
    metadata, created_at, updated_at)
  values (
    session.session_id, session.owner_id, parent_of_new, gen_random_uuid(),
    session.turn_count + 1, session.message_count + 1,
    1 + coalesce((select depth from public.messages where message_id = parent_of_new), 0),
    'user', said, coalesce(nullif(message_metadata, 'null'), '{}'), begun_at, begun_at)
  returning * into question;
  return question;
end
$$;

-- Begins a turn: {principal, kind, session_id | null, project_id | null, text, title, provider,
-- model, history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional,
-- {action, message_id, external_id, bot_id, instruction, system_prompt, settings, idempotency_key,
-- request_hash, rate_limit, message_metadata, task_prompts}. principal is what private.resolve_principal takes, title is for a
-- session that is created, a claimed_user_id must be the principal's own, rate_limit is {action,
-- max_requests, window_seconds}. external_id, in place of session_id, is the caller's name for the
-- conversation, which its first turn creates. A bot_id is of a bot that the principal may use; where
-- provider and model are absent, the bot's are kept of the turn. message_metadata, {task, attachments}
-- and all optional, is kept with the user's message: attachments, with the `tokens` that each takes of
-- the budget, are for the caller to send; task is what the message asks for, and when that message is
-- answered again its prompt in task_prompts, an object, is kept as the system prompt. action is
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
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);

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
      'summary', history.summary,
      'history', history.messages,
      'replayed', false)
    || case when turn_action in ('regenerate', 'continue') and question.metadata <> '{}'
      then jsonb_build_object('message_metadata', question.metadata) else '{}' end
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;

-- What the model was sent for a reply: {principal, message_id}; the body is {message_id, stream_id,
-- action, provider, model, system_prompt, settings, summary, messages, attachments, facts, tokens:
-- {in, out}, created_at}, where summary is of what was said before the messages.
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
    'facts', '[]'::jsonb,
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

revoke all on function
  private.check_message_metadata(jsonb),
  private.attached_tokens(public.messages),
  private.place_question(
    public.sessions, text, public.messages, text, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_message_metadata(jsonb),
  private.attached_tokens(public.messages),
  private.place_question(
    public.sessions, text, public.messages, text, jsonb, timestamptz)
to service_role;
