-- Work that is done after a turn, as rows that workers claim, and the first kind of it: rolling
-- summaries of what no longer fits into what the model is sent.
--
-- Locks are taken in the order session, task. Claiming takes a task alone, and waits for nobody.

-- What was said up to a message, in short. Which messages lead to a message never changes, so that a
-- summary is right for every path through it, whichever take is shown, until one of them is edited.
create table public.session_summaries (
  session_id uuid not null,
  until_message_id uuid not null,
  owner_id uuid not null,
  until_position integer not null check (until_position >= 1),
  summary text not null check (octet_length(summary) between 1 and 8192),
  -- A text that it is of has been edited since: it is sent to no model any more, and says what some
  -- have been sent.
  is_stale boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (session_id, until_message_id),
  unique (session_id, until_position),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (session_id, until_message_id)
    references public.messages (session_id, message_id) on delete cascade
);

create table public.background_tasks (
  task_id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('session_summary')),
  session_id uuid not null,
  owner_id uuid not null,
  status text not null default 'queued'
    check (status in ('queued', 'running', 'done', 'failed')),
  -- How often it was claimed since it last got on.
  attempts integer not null default 0 check (attempts >= 0),
  -- Who works on it, or did last, and until when nobody else does.
  lease_token uuid,
  leased_until timestamptz,
  -- Nobody claims it before; while somebody works on it, the end of the lease.
  run_after timestamptz not null default now(),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  result jsonb,
  error text check (char_length(error) <= 1000),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint background_tasks_finish_once
    check ((status in ('done', 'failed')) = (finished_at is not null)),
  constraint background_tasks_run_with_a_lease
    check (status <> 'running' or (lease_token is not null and leased_until is not null)),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade
);

-- One task of a kind is enough for a session.
create unique index background_task_open on public.background_tasks (session_id, kind)
  where status in ('queued', 'running');
-- Tasks to claim, the longest waiting first.
create index background_tasks_due on public.background_tasks (run_after)
  where status in ('queued', 'running');
-- A session's tasks, which go with it.
create index background_tasks_of_session on public.background_tasks (session_id, kind, created_at);

-- The summary that the model was sent in place of the messages before `sent_from_depth`, and what
-- stood between it and the system prompt.
alter table public.generations
  add column summary_until_id uuid,
  add column summary_heading text;

alter table public.session_summaries enable row level security;
alter table public.background_tasks enable row level security;

comment on table public.background_tasks is 'Work for the functions. Not readable over REST.';

create policy own_session_summaries_are_readable
  on public.session_summaries for select to authenticated
  using (owner_id = (select private.current_principal()));

-- The summary that reaches farthest on the path to the leaf; nulls when there is none, or none within
-- this many steps. Where a message's position is its depth, all messages before it are on the path
-- (public.list_messages), so that the path need not be walked from there.
create function private.summary_on_path(
  wanted_session_id uuid, leaf_id uuid, max_steps integer
) returns public.session_summaries
language plpgsql stable set search_path = '' as $$
declare
  nearest record;
  found_summary public.session_summaries;
begin
  if not exists (
    select from public.session_summaries where session_id = wanted_session_id and not is_stale)
  then
    return found_summary;
  end if;
  with recursive walked as (
    select message_id, parent_id, depth, position, 1 as steps
    from public.messages
    where message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position, child.steps + 1
    from walked child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.steps < max_steps and child.position <> child.depth
      and not exists (
        select from public.session_summaries
        where session_id = wanted_session_id and until_message_id = child.message_id
          and not is_stale)
  )
  select message_id, position, position = depth as is_straight
  into nearest
  from walked
  order by depth
  limit 1;

  if nearest.is_straight then
    select * into found_summary from public.session_summaries
    where session_id = wanted_session_id and until_position <= nearest.position
      and not is_stale
    order by until_position desc
    limit 1;
  else
    select * into found_summary from public.session_summaries
    where session_id = wanted_session_id and until_message_id = nearest.message_id
      and not is_stale;
  end if;
  return found_summary;
end
$$;

-- What the model is sent of the conversation besides the new text or the instruction: messages, and
-- the depth from which on they, or else the question, begin. Where older ones no longer fit, a
-- summary of those, if there is one.
create type private.turn_history as (
  messages jsonb,
  from_depth integer,
  summary text,
  summary_until_id uuid
);

-- What the turn is about is always sent, however small the budget is: the question, and the reply
-- that goes on. A summary takes at most half of the rest.
drop function private.read_turn_history(uuid, public.messages, public.messages, jsonb);
create function private.read_turn_history(
  principal_id uuid, question public.messages, continued public.messages, request jsonb
) returns private.turn_history
language plpgsql set search_path = '' as $$
declare
  -- Work that is never done must not make turns slower and slower.
  max_summary_steps constant integer := 1000;
  turn_action text := coalesce(request ->> 'action', 'say');
  budget_tokens integer := (request ->> 'history_budget_tokens')::integer
    - private.estimate_tokens(question.content)
    - coalesce(private.estimate_tokens(continued.content), 0)
    - coalesce(private.estimate_tokens(request ->> 'instruction'), 0);
  summary public.session_summaries := private.summary_on_path(
    question.session_id, question.parent_id, max_summary_steps);
  summary_tokens integer := private.estimate_tokens(
    coalesce(request ->> 'summary_heading', '') || summary.summary);
  history private.turn_history;
begin
  if summary_tokens * 2 > budget_tokens then
    summary := null;
  end if;
  select older.messages, coalesce(older.from_depth, question.depth)
  into history.messages, history.from_depth
  from private.read_history(
    principal_id, question.parent_id,
    budget_tokens - case when summary.summary is null then 0 else summary_tokens end) older;
  if history.from_depth > 1 then
    history.summary := summary.summary;
    history.summary_until_id := summary.until_message_id;
  end if;
  if turn_action in ('regenerate', 'continue') then
    history.messages := history.messages
      || jsonb_build_object('role', question.role, 'content', question.content);
  end if;
  if turn_action = 'continue' then
    history.messages := history.messages
      || jsonb_build_object('role', continued.role, 'content', continued.content);
  end if;
  return history;
end
$$;

-- The running generation, with what explains it later. `session` is as it was before this turn, `bot`
-- nulls where none is asked.
drop function private.start_generation(
  public.sessions, public.messages, public.messages, public.bots, integer, jsonb, timestamptz);
create function private.start_generation(
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
    started_at, heartbeat_at)
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
-- {action, message_id, external_id, bot_id, instruction, system_prompt, summary_heading, settings,
-- idempotency_key, request_hash, rate_limit}. principal is what private.resolve_principal takes,
-- title is for a session that is created, a claimed_user_id must be the principal's own, rate_limit
-- is {action, max_requests, window_seconds}. external_id, in place of session_id, is the caller's name
-- for the conversation, which its first turn creates. A bot_id is of a bot that the principal may
-- use; where provider and model are absent, the bot's are kept of the turn. summary_heading is what
-- stands between system_prompt and a summary. action is
--   say         `text` comes after the path's end (the default)
--   edit        `text` stands beside the user's message `message_id`
--   regenerate  the reply `message_id` is taken again, or the user's message answered again
--   continue    the reply `message_id` goes on in a new take, after `instruction` if there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, summary | null,
-- history, replayed}, where message_id is the one that the reply will have, its text so far has
-- base_bytes, history is what the model is sent before `text` or `instruction`, and summary is of
-- what was said before that: it is sent after system_prompt and summary_heading. With a bot_id also
-- bot: {bot_id, provider, model, system, access_path, access_key}, with a rate_limit also rate:
-- {limit, remaining, reset_s}. A request that was made before, under its idempotency key or its
-- stream_id, has `replayed` true, the `status` of that turn, neither history nor summary, and neither
-- bot nor rate: call read_turn.
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
  question := private.place_question(session, turn_action, target, request ->> 'text', begun_at);
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
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;

-- What the model was sent for a reply: {principal, message_id}; the body is {message_id, stream_id,
-- action, provider, model, system_prompt, settings, summary, messages, facts, tokens: {in, out},
-- created_at}, where summary is of what was said before the messages; system_prompt ends with it.
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
    'facts', '[]'::jsonb,
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

-- A turn that was not sent all of its conversation leaves work behind if no summary covers what was
-- left out. The session is locked.
create function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
  lifetime constant interval := '1 day';
  question public.messages;
  covered public.session_summaries;
  until_depth integer;
begin
  select * into question from public.messages where message_id = new.user_message_id;
  covered := private.summary_on_path(new.session_id, question.parent_id, max_steps);
  if new.sent_from_depth - 1 <= (
    select depth from public.messages where message_id = covered.until_message_id)
  then
    return null;
  end if;
  -- What models could not do a moment ago they are not asked for with every turn.
  if exists (
    select from public.background_tasks
    where session_id = new.session_id and kind = 'session_summary' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return null;
  end if;
  delete from public.background_tasks
  where session_id = new.session_id and kind = 'session_summary'
    and finished_at < clock_timestamp() - lifetime;
  -- Half of what still fitted is taken along, in whole turns: so the next ones leave nothing out that
  -- is not covered, and a model is not asked after each of them.
  until_depth := new.sent_from_depth - 1 + (question.depth - new.sent_from_depth) / 4 * 2;
  insert into public.background_tasks (kind, session_id, owner_id, payload)
  select 'session_summary', new.session_id, new.owner_id, jsonb_build_object(
    'until_message_id', private.message_on_path(question.parent_id, until_depth))
  on conflict (session_id, kind) where status in ('queued', 'running') do nothing;
  return null;
end
$$;

-- A text that was edited is in no summary that was made before, nor in one that is being made. Those
-- of other takes are of later positions too, and are made again in vain. The session is locked.
create function private.outdate_summaries() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.session_summaries
  set is_stale = true
  where session_id = new.session_id and until_position >= new.position and not is_stale;
  -- Work that has begun begins anew, and its worker finds the lease gone. Queued work is held too: who
  -- is claiming it has read the old text perhaps, and what that makes of the row is seen after waiting.
  update public.background_tasks
  set status = 'queued',
      attempts = attempts - (status = 'running')::integer,
      lease_token = case status when 'queued' then lease_token end,
      leased_until = case status when 'queued' then leased_until end,
      run_after = case status when 'queued' then run_after else clock_timestamp() end
  where session_id = new.session_id and kind = 'session_summary'
    and status in ('queued', 'running');
  return null;
end
$$;

create trigger outdate_summaries after update of content on public.messages
  for each row when (old.content <> new.content) execute function private.outdate_summaries();

create trigger plan_summary after update of status on public.generations
  for each row when (
    old.status = 'streaming' and new.status <> 'streaming' and new.sent_from_depth > 1)
  execute function private.plan_summary();

-- What a worker needs to summarise a session a part further: {previous_summary | null, messages:
-- [{role, content}], until_message_id}; null when there is nothing to do any more. Bounded in
-- messages and bytes: what is left is another part.
create function private.summary_work(task public.background_tasks) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  -- Of one message: a pasted chapter is summarised by its beginning.
  max_message_characters constant integer := 4000;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (task.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  work jsonb;
begin
  select * into goal from public.messages where message_id = wanted_id;
  -- The conversation may have been deleted, or go another way now.
  if not exists (
    select from public.sessions session
    where session.session_id = task.session_id and session.is_active
      and private.message_on_path(session.active_leaf_id, goal.depth) = wanted_id)
  then
    return null;
  end if;
  covered := private.summary_on_path(task.session_id, wanted_id, no_limit);
  if covered.until_message_id = wanted_id then
    return null;
  end if;
  covered_depth := coalesce(
    (select depth from public.messages where message_id = covered.until_message_id), 0);

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = wanted_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from walked child
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > covered_depth + 1 and child.position <> child.depth
  ),
  listed as (
    select message_id, depth from walked where position <> depth
    union all
    (
      select message_id, depth from public.messages
      where session_id = task.session_id and owner_id = task.owner_id
        and position > covered_depth
        and position <= (select max(depth) from walked where position = depth)
      order by position
      limit max_messages
    )
  ),
  sized as (
    select message.message_id, message.role, message.depth, message.content,
      sum(octet_length(message.content)) over (order by message.depth) as bytes_so_far
    from (select * from listed order by depth limit max_messages) first_ones
    cross join lateral (
      select whole.message_id, whole.role, whole.depth,
        left(whole.content, max_message_characters) as content
      from public.messages whole
      where whole.message_id = first_ones.message_id
      limit 1
    ) message
  )
  select jsonb_build_object(
    'previous_summary', covered.summary,
    'messages', coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth)
        filter (where content <> ''), '[]'),
    'until_message_id', (array_agg(message_id order by depth desc))[1])
  into work
  from sized
  where bytes_so_far <= max_bytes;
  return work;
end
$$;

-- Takes the task that has waited longest: {kinds: [...], lease_seconds}; returns {task}, which is
-- null when there is nothing to do, or {task_id, kind, lease_token, leased_until, attempts,
-- session_id, user_id} with what the kind needs (private.summary_work). Until the lease has ended
-- nobody else is given it; then it was in vain, whatever the worker still does.
create function public.claim_task(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how long one call looks: of tasks that turn out to be none.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  task public.background_tasks;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of tasks.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    select * into task from public.background_tasks
    where status in ('queued', 'running') and run_after <= clock_timestamp()
      and kind = any (wanted_kinds)
    order by run_after
    limit 1
    for update skip locked;
    exit when not found;
    if task.attempts >= max_attempts then
      update public.background_tasks
      set status = 'failed', error = coalesce(error, 'Its workers have died.'),
          finished_at = clock_timestamp()
      where task_id = task.task_id;
      continue;
    end if;
    work := private.summary_work(task);
    if work is null then
      update public.background_tasks
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where task_id = task.task_id;
      continue;
    end if;

    update public.background_tasks
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease,
        payload = payload || jsonb_build_object('next_message_id', work -> 'until_message_id')
    where task_id = task.task_id
    returning * into task;
    return jsonb_build_object('task', jsonb_build_object(
      'task_id', task.task_id,
      'kind', task.kind,
      'lease_token', task.lease_token,
      'leased_until', private.iso(task.leased_until),
      'attempts', task.attempts,
      'session_id', task.session_id,
      'user_id', task.owner_id) || work);
  end loop;
  return '{"task": null}';
end
$$;

-- The task, locked with its session, if this lease was the last one of it; refused otherwise.
create function private.open_task(request jsonb) returns public.background_tasks
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'task_id');
  lease uuid := private.read_id(request, 'lease_token');
  task public.background_tasks;
begin
  perform from public.sessions
  where session_id = (select session_id from public.background_tasks where task_id = wanted_id)
  for no key update;
  select * into task from public.background_tasks where task_id = wanted_id for update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such task, or its conversation is gone: drop what was done.');
  end if;
  if (task.lease_token = lease) is not true then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this task, or it begins anew: drop what was done.');
  end if;
  return task;
end
$$;

-- What callers are told of a task that they have ended.
create function private.describe_task(task public.background_tasks, already boolean)
returns jsonb
language sql stable
return jsonb_build_object(
  'task_id', task.task_id,
  'status', task.status,
  'attempts', task.attempts,
  'run_after', case when task.status = 'queued' then private.iso(task.run_after) end,
  'already', already);

-- Stores what a task was for: {task_id, lease_token, result}, for a session_summary {summary} and
-- whatever else is worth keeping, such as model and usage. Returns {task_id, status, attempts,
-- run_after, already}; a status of queued means that there is more to do of it. Calling again changes
-- nothing and says `already`.
create function public.commit_task(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  task public.background_tasks := private.open_task(request);
  outcome constant jsonb := request -> 'result';
  next_id constant uuid := (task.payload ->> 'next_message_id')::uuid;
  is_last constant boolean := next_id::text = task.payload ->> 'until_message_id';
begin
  if task.status <> 'running' then
    return private.describe_task(task, true);
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select task.session_id, message.message_id, task.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;

  update public.background_tasks
  set status = case when is_last then 'done' else 'queued' end,
      attempts = case when is_last then attempts else 0 end,
      run_after = clock_timestamp(),
      finished_at = case when is_last then clock_timestamp() end,
      result = outcome - 'summary',
      error = null
  where task_id = task.task_id
  returning * into task;
  return private.describe_task(task, false);
end
$$;

-- Gives a task back that could not be done: {task_id, lease_token, error, retry_after_seconds?};
-- returns what commit_task does. It is tried five times, after longer and longer pauses.
create function public.fail_task(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 5;
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  task public.background_tasks := private.open_task(request);
  is_last constant boolean := task.attempts >= max_attempts;
  -- Four times as long each time, and not all at once: a provider that was away has many waiting.
  pause_seconds double precision :=
    first_pause_seconds * 4 ^ (task.attempts - 1) * (0.75 + random() / 2);
begin
  if task.status <> 'running' then
    return private.describe_task(task, true);
  end if;
  pause_seconds := least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds);
  update public.background_tasks
  set status = case when is_last then 'failed' else 'queued' end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      finished_at = case when is_last then clock_timestamp() end,
      error = left(request ->> 'error', 1000)
  where task_id = task.task_id
  returning * into task;
  return private.describe_task(task, false);
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.summary_on_path(uuid, uuid, integer),
  private.read_turn_history(uuid, public.messages, public.messages, jsonb),
  private.start_generation(
    public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb,
    timestamptz),
  private.plan_summary(),
  private.outdate_summaries(),
  private.summary_work(public.background_tasks),
  private.open_task(jsonb),
  private.describe_task(public.background_tasks, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.summary_on_path(uuid, uuid, integer),
  private.read_turn_history(uuid, public.messages, public.messages, jsonb),
  private.start_generation(
    public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb,
    timestamptz),
  private.summary_work(public.background_tasks),
  private.open_task(jsonb),
  private.describe_task(public.background_tasks, boolean)
to service_role;

revoke all on function
  public.claim_task(jsonb),
  public.commit_task(jsonb),
  public.fail_task(jsonb)
from public, anon, authenticated;
grant execute on function
  public.claim_task(jsonb),
  public.commit_task(jsonb),
  public.fail_task(jsonb)
to service_role;
