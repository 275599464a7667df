-- Callers may be kept from other people's public bots, and see the host of each bot.

set local lock_timeout = '10s';

create or replace function private.describe_bot(bot public.bots, principal_id uuid) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'user_id', bot.owner_id,
  'name', bot.name,
  'provider', bot.provider,
  'model', bot.model,
  'system', case when bot.owner_id = principal_id then bot.system end,
  'access_path', case when bot.owner_id = principal_id then bot.access_path end,
  'has_access_key', case when bot.owner_id = principal_id
    then exists (select from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id) end,
  'host', lower(substring(bot.access_path from '^[a-zA-Z]+://([^/?#]+)')),
  'is_public', bot.is_public,
  'created_at', private.iso(bot.created_at),
  'updated_at', private.iso(bot.updated_at));

drop function private.visible_bot(uuid, bigint);

create function private.visible_bot(
  principal_id uuid, wanted_id bigint, hides_public_bots boolean default false
) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots;
begin
  select * into bot from public.bots
  where bot_id = wanted_id
    and (owner_id = principal_id or (is_public and hides_public_bots is not true));
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

revoke all on function private.visible_bot(uuid, bigint, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.visible_bot(uuid, bigint, boolean) to service_role;

create or replace function public.read_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  bot public.bots := private.visible_bot(
    principal_id, private.read_bot_id(request), (request ->> 'hides_public_bots')::boolean);
begin
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

create or replace function public.list_bots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  shows_public constant boolean := (request ->> 'hides_public_bots')::boolean is not true;
  page jsonb;
  total bigint;
begin
  -- Each of the two indexes is in the order of the list, and read as far as the page; one condition
  -- for both would sort all.
  select
    (select count(*) from public.bots where owner_id = principal_id)
      + (select count(*) from public.bots
        where shows_public and is_public and owner_id <> principal_id),
    (select jsonb_agg(private.describe_bot(bot, principal_id) order by bot.bot_id desc)
    from (
      select visible.bot_id
      from (
        (
          select own.bot_id from public.bots own
          where own.owner_id = principal_id
          order by own.bot_id desc
          limit first_row + row_count
        )
        union all
        (
          select others.bot_id from public.bots others
          where shows_public and others.is_public and others.owner_id <> principal_id
          order by others.bot_id desc
          limit first_row + row_count
        )
      ) visible
      order by visible.bot_id desc
      limit row_count offset first_row
    ) listed
    cross join lateral (
      select * from public.bots whole where whole.bot_id = listed.bot_id limit 1
    ) bot)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

create or replace function public.begin_turn(request jsonb) returns jsonb
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
