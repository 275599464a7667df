-- What a turn's model is told of the dossier, put together from what was stored with the snapshot; and
-- what is read for it beside the turn's own messages: what was passed over before, other takes as the
-- first one was. A log that has moved without anything to read is folded as well.

-- What prompts are told (dossiers.facts_json): {text, fact_ids, lines: [{parts: [{text, facts:
-- [[assertion_id, message_id | null]]}]}]}. text is made of all lines, "- " and their parts after one
-- another; a line without its first part says nothing.

-- The messages that have left the path after a position of the log, and are not back.
create function private.messages_left_since(wanted_project_id uuid, after_position bigint)
returns uuid[]
language sql stable set search_path = ''
return array(
  select moved.message_id
  from (
    select distinct on (named.message_id) named.message_id::uuid as message_id, named.has_left
    from public.dossier_assertions entry
    cross join lateral (
      select jsonb_array_elements_text(entry.body -> 'left') as message_id, true as has_left
      union all
      select jsonb_array_elements_text(entry.body -> 'back'), false
    ) named
    where entry.project_id = wanted_project_id and entry.position > after_position
      and entry.kind = 'path'
    order by named.message_id, entry.position desc
  ) moved
  where moved.has_left);

-- The lines of these facts that fit into so many bytes, without what only these messages say.
create function private.facts_within(facts jsonb, max_bytes integer, gone_ids uuid[])
returns jsonb
language sql stable set search_path = ''
return (
  with parts as (
    select line.place as line_place, part.place,
      part.value ->> 'text' as text,
      array(
        select fact ->> 0 from jsonb_array_elements(part.value -> 'facts') fact
        where (fact ->> 1)::uuid = any (gone_ids) is not true) as fact_ids,
      jsonb_array_length(part.value -> 'facts') = 0 as needs_no_fact
    from jsonb_array_elements(facts -> 'lines') with ordinality as line (value, place)
    cross join lateral jsonb_array_elements(line.value -> 'parts')
      with ordinality as part (value, place)
  ),
  kept as (
    select * from parts
    where (needs_no_fact or cardinality(fact_ids) > 0)
      and exists (
        select from parts head
        where head.line_place = parts.line_place and head.place = 1
          and (head.needs_no_fact or cardinality(head.fact_ids) > 0))
  ),
  lines as (
    select line_place, '- ' || string_agg(text, '' order by place) as text
    from kept group by line_place
  ),
  fitting as (
    select *, sum(octet_length(text) + 1) over (order by line_place) as bytes_so_far from lines
  ),
  told as (
    select * from fitting where bytes_so_far <= max_bytes
  )
  select jsonb_build_object(
    'text', coalesce((select string_agg(text, E'\n' order by line_place) from told), ''),
    'fact_ids', coalesce((
      select jsonb_agg(distinct fact_id)
      from kept
      join told using (line_place)
      cross join lateral unnest(kept.fact_ids) as fact_id), '[]'))
);

-- What a turn of this session, which is as it was before it, is told: {version, pending, updated, text,
-- fact_ids}. text, of at most so many bytes, says what is known of the story, and fact_ids are the
-- assertions that it comes from. It is of the snapshot: what was found since then is not in it, and what is
-- only said by messages that have left the path neither. updated is whether the dossier has moved since
-- the session's previous turn.
drop function private.dossier_of_turn(public.sessions);
create function private.dossier_of_turn(session public.sessions, max_bytes integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  dossier record;
  gone_ids uuid[] := '{}';
  told jsonb;
begin
  select head, folded_to, facts_json into dossier
  from public.dossiers where project_id = session.project_id;
  if dossier.head > dossier.folded_to then
    gone_ids := private.messages_left_since(session.project_id, dossier.folded_to);
  end if;
  told := case
    when gone_ids = '{}' and octet_length(dossier.facts_json ->> 'text') <= max_bytes
      then dossier.facts_json - 'lines'
    when dossier.facts_json ? 'lines'
      then private.facts_within(dossier.facts_json, max_bytes, gone_ids)
    else '{"text": "", "fact_ids": []}'
  end;
  return told || jsonb_build_object(
    'version', dossier.head,
    'pending', private.is_dossier_pending(session.session_id),
    'updated', private.is_dossier_updated(
      session.session_id, session.last_epoch + 1, dossier.head));
end
$$;

-- As before, and the facts that the prompt has.
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
    dossier_version, dossier_facts, reads_question, started_at, heartbeat_at)
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
-- request_hash, rate_limit, message_metadata, task_prompts, dossier, dossier_heading,
-- extract}. principal is what
-- private.resolve_principal takes, title is for a session that is created, a claimed_user_id must be
-- the principal's own, rate_limit is {action, max_requests, window_seconds}. external_id, in place of session_id, is the caller's name for the
-- conversation, which its first turn creates. A bot_id is of a bot that the principal may use; where
-- provider and model are absent, the bot's are kept of the turn. message_metadata, {task, attachments}
-- and all optional, is kept with the user's message: attachments, with the `tokens` that each takes of
-- the budget, are for the caller to send; task is what the message asks for, and when that message is
-- answered again its prompt in task_prompts, an object, is kept as the system prompt. With `dossier` true the
-- turn is told what is known of the story, after dossier_heading, and the system prompt that is kept ends with
-- both; `extract` is whether the user's message is worth reading for
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
-- neither history nor summary, and neither bot nor rate: call read_turn. With
-- `dossier`, of a session that has a project, also dossier: {version, pending, updated, told}, where told is to
-- be sent after the system prompt.
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

-- The messages of a path from its end up that are not marked for reading, the last of them first: they
-- were worth no call of their own.
create function private.unmarked_until(last_message_id uuid) returns uuid[]
language sql stable set search_path = ''
return array(
  with recursive unmarked as (
    select message.message_id, message.session_id, message.parent_id, 1 as steps
    from public.messages message
    where message.message_id = last_message_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, unmarked.steps + 1
    from unmarked
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = unmarked.parent_id limit 1
    ) parent
    where unmarked.steps < 8 and not exists (
      select from public.message_extractions marked
      where marked.session_id = parent.session_id and marked.message_id = parent.message_id)
  )
  select message_id from unmarked order by steps);

-- As before, and with what is worth it goes what was passed over before it. Another take of a reply is read
-- if what it answers was.
create or replace function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
begin
  perform private.store_reply(generation, outcome);
  if (outcome ->> 'extract')::boolean
    or (generation.action in ('regenerate', 'continue') and exists (
      select from public.message_extractions marked
      where marked.session_id = generation.session_id
        and marked.message_id = generation.user_message_id))
  then
    perform private.mark_for_extraction(generation.session_id,
      private.unmarked_until(generation.user_message_id) || generation.message_id);
  elsif generation.reads_question then
    perform private.mark_for_extraction(
      generation.session_id, private.unmarked_until(generation.user_message_id));
  end if;
end
$$;

-- As before, and what has left or come back is folded soon: prompts are told of the snapshot.
create or replace function private.follow_path() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  -- Nearly always: a new message comes after the last one.
  if exists (
      select from public.messages
      where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
    and not exists (
      select from public.dossier_assertions where message_id = new.active_leaf_id)
    and not exists (
      select from public.message_extractions
      where session_id = new.session_id and message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select private.messages_with_assertions(difference.left_ids) as left_ids,
    private.messages_with_assertions(difference.back_ids) as back_ids,
    exists (
      select from public.message_extractions waiting
      where waiting.session_id = new.session_id and not waiting.is_done
        and waiting.message_id = any (difference.back_ids)) as has_unread
  into moved
  from private.path_difference(old.active_leaf_id, new.active_leaf_id) difference;
  if cardinality(moved.left_ids) + cardinality(moved.back_ids) > 0 then
    perform private.add_path_entries(
      new.project_id, new.session_id, moved.left_ids, moved.back_ids);
    perform private.plan_extraction(new.session_id);
  elsif moved.has_unread then
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

-- What a worker needs to read a part of a conversation for its dossier: {project_id, messages:
-- [{message_id, role, text, from_byte, to_byte, created_at}], before: [{message_id, role, text, from_byte,
-- created_at}], dossier: {head, folded_to, log_start}}; null when nothing is left to read or to fold. text is the part from from_byte to to_byte,
-- created_at milliseconds since the epoch, and before what was said until then, the end of each. Without
-- messages there is only the log to fold. Bounded: what is left is another part.
create or replace function private.extraction_work(task public.background_tasks) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_messages constant integer := 20;
  max_bytes constant integer := 24576;
  messages_before constant integer := 6;
  characters_before constant integer := 2000;
  unread record;
  waiting record;
  part text;
  bytes_left integer := max_bytes;
  parts jsonb := '[]';
  before jsonb := '[]';
  first record;
  dossier record;
  place jsonb;
begin
  for unread in select * from private.unread_on_path(task.session_id) limit max_messages loop
    exit when bytes_left < 4;
    select message.*, extraction.read_bytes into waiting
    from public.messages message
    join public.message_extractions extraction
      on extraction.session_id = message.session_id and extraction.message_id = message.message_id
    where message.message_id = unread.message_id;
    part := private.text_part(waiting.content, waiting.read_bytes, bytes_left);
    if parts = '[]' then
      first := waiting;
    end if;
    parts := parts || jsonb_build_object(
      'message_id', waiting.message_id,
      'role', waiting.role,
      'text', part,
      'from_byte', waiting.read_bytes,
      'to_byte', waiting.read_bytes + octet_length(part),
      'created_at', floor(extract(epoch from waiting.created_at) * 1000)::bigint);
    bytes_left := bytes_left - octet_length(part);
  end loop;
  select project_id, head, folded_to, log_start into dossier
  from public.dossiers
  where project_id = (select project_id from public.sessions where session_id = task.session_id);
  place := jsonb_build_object(
    'head', dossier.head, 'folded_to', dossier.folded_to, 'log_start', dossier.log_start);
  if parts = '[]' then
    return case when dossier.head > dossier.folded_to then jsonb_build_object(
      'project_id', dossier.project_id, 'messages', parts, 'before', parts, 'dossier', place) end;
  end if;

  with recursive earlier as (
    select first.parent_id as next_id, null::uuid as message_id, null::text as role,
      null::text as content, null::timestamptz as created_at, 0 as steps
    union all
    select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
      earlier.steps + 1
    from earlier
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = earlier.next_id limit 1
    ) parent
    where earlier.steps < messages_before
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'message_id', message_id,
      'role', role,
      'text', right(content, characters_before),
      'from_byte', octet_length(content) - octet_length(right(content, characters_before)),
      'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
    order by steps desc), '[]')
  into before
  from earlier
  where content <> '';
  if first.read_bytes > 0 then
    part := private.text_part(first.content, 0, first.read_bytes);
    before := before || jsonb_build_object(
      'message_id', first.message_id,
      'role', first.role,
      'text', right(part, characters_before),
      'from_byte', octet_length(part) - octet_length(right(part, characters_before)),
      'created_at', floor(extract(epoch from first.created_at) * 1000)::bigint);
  end if;

  return jsonb_build_object(
    'project_id', dossier.project_id,
    'messages', parts,
    'before', before,
    'dossier', place);
end
$$;

-- As before; of a task that was only to fold there are no spans.
create or replace function private.note_failed_extraction() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.message_extractions waiting
  set failures = failures + 1, is_done = failures + 1 >= max_failures
  from jsonb_to_recordset(nullif(new.payload -> 'spans', 'null')) as span (message_id uuid)
  where waiting.session_id = new.session_id and waiting.message_id = span.message_id
    and not waiting.is_done;
  return null;
end
$$;

-- As before; of a task that was only to fold there are no spans.
create or replace function private.store_extraction(task public.background_tasks) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- What comes later in a text is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
begin
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(content) from public.messages where message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(nullif(task.payload -> 'spans', 'null')) as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = task.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return exists (select from private.unread_on_path(task.session_id));
end
$$;

-- As before, and what was passed over is not read later either.
create or replace function public.clear_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  project public.projects := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  session_ids uuid[];
  log_head bigint;
begin
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions where project_id = project.project_id
    order by session_id
    for no key update
  ) locked;
  perform from public.background_tasks
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running')
  order by task_id
  for update;
  select head into log_head from public.dossiers
  where project_id = project.project_id
  for no key update;
  perform private.check_version(request ->> 'if_match', log_head::text);
  update public.background_tasks
  set status = 'done', result = '{"dropped": true}', lease_token = null,
      finished_at = clock_timestamp()
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running');
  update public.message_extractions
  set is_done = true
  where session_id = any (session_ids) and not is_done;
  -- Nor what was passed over so far.
  insert into public.message_extractions (session_id, message_id, owner_id, is_done)
  select session.session_id, unread.message_id, session.owner_id, true
  from public.sessions session
  cross join lateral unnest(private.unmarked_until(session.active_leaf_id))
    as unread (message_id)
  where session.session_id = any (session_ids)
  on conflict (session_id, message_id) do nothing;
  delete from public.dossier_assertions where project_id = project.project_id;
  update public.dossiers
  set head = head + 1, log_start = head + 1, folded_to = head + 1,
      snapshot_json = default, facts_json = default, updated_at = clock_timestamp()
  where project_id = project.project_id;
  return private.answer(
    '{"message": "The dossier is empty. The project and its conversations are still there."}');
end
$$;

-- New work is begun at once where the database can send requests; elsewhere somebody looks for it.
create function private.wake_for_task() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null then
    -- What cannot be sent must not undo the turn that has left the work.
    begin
      perform private.wake_functions();
    exception when others then
      raise warning 'the function tasks was not called: %', sqlerrm;
    end;
  end if;
  return null;
end
$$;

create trigger wake_for_task after insert on public.background_tasks
  for each row execute function private.wake_for_task();

revoke all on function
  private.messages_left_since(uuid, bigint),
  private.facts_within(jsonb, integer, uuid[]),
  private.dossier_of_turn(public.sessions, integer),
  private.unmarked_until(uuid),
  private.wake_for_task()
from public, anon, authenticated, service_role;
grant execute on function
  private.messages_left_since(uuid, bigint),
  private.facts_within(jsonb, integer, uuid[]),
  private.dossier_of_turn(public.sessions, integer),
  private.unmarked_until(uuid)
to service_role;
