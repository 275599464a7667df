-- Locks that keep others away exclude no foreign key's check, so that these may come in any order.

-- Nothing new for a principal who is gone or has moved meanwhile: waits for whoever deletes or moves them, and
-- keeps them until the transaction ends. Comes before the lock of anything that is theirs.
create or replace function private.hold_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  holder public.principals;
begin
  select * into holder from public.principals where id = principal_id for share;
  perform private.require_current(holder);
end
$$;

-- resolve_principal does not hold users as it holds guests, because most calls only read.
create or replace function private.hold_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.hold_principal(new.owner_id);
  return new;
end
$$;

revoke all on function private.hold_principal(uuid) from public, anon, authenticated, service_role;
grant execute on function private.hold_principal(uuid) to service_role;

-- A session that begins waits for whoever deletes its project, before it locks anything else: the foreign key's
-- check alone would let it lock the dossier first.
create function private.hold_project() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform from public.projects where project_id = new.project_id for share;
  if not found then
    perform private.refuse_project();
  end if;
  return new;
end
$$;

revoke all on function private.hold_project() from public, anon, authenticated, service_role;

-- After hold_owner, by its name.
create trigger hold_project before insert on public.sessions
  for each row when (new.project_id is not null) execute function private.hold_project();

-- The principal's id; a user or a guest who is new is stored first. Takes one of
--   {"kind": "user", "issuer", "subject"}
--   {"kind": "external", "issuer", "subject", "issued_at" of the token in seconds, if it says so}
--   {"kind": "guest" | "new_guest", "token_hash"}
-- Holds a guest until the transaction ends, so that migrate_guest takes along what it does.
create or replace function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + guest_lifetime
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse(401, 'invalid_token',
        'This account has been deleted: sign up again, or go on without it as a new guest.');
    end if;
    principal := private.find_principal(caller);
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

-- Counts one use of the action, or refuses: max_requests at once, then one more after each
-- max_requests-th part of the window. A refusal uses nothing; its hint is the seconds to wait.
-- Returns {limit, remaining, reset_s}: how many at once are allowed, how many of them are left, and
-- after how many seconds all of them are there again.
create or replace function private.take_rate_limit(
  principal_id uuid, action text, max_requests integer, window_seconds integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  cost interval;
  -- Of the sum of the costs, not of the window, which rounding could make smaller.
  allowance interval;
  used interval;
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
  perform private.hold_principal(principal_id);

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

-- Waits until nobody works on what is the principal's, and keeps others away until the transaction
-- ends; false when there is no such principal. Without it, cascades would take the rows in an order
-- of their own, and wait for others crosswise. Foreign keys' checks go on meanwhile (HACKING.md, "Locks").
create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  return true;
end
$$;

-- Removes guests whose time is over, with all that is theirs, and what is kept of moved guests and
-- of deleted accounts: {limit?}, of guests in one call; returns {deleted}, of those. Background
-- work calls it, for nobody.
create or replace function public.delete_expired_guests(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds locks; a call an hour removes 12,000 a day.
  default_limit constant integer := 500;
  max_limit constant integer := 10000;
  silence_limit constant interval := '60 seconds';
  -- An anonymous user's principal has no expiry of its own.
  moved_user_lifetime constant interval := '30 days';
  -- The longest that a token of Supabase Auth can be valid.
  longest_token_life constant interval := '7 days';
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= clock_timestamp()
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > clock_timestamp() - silence_limit)
    order by expires_at
    limit guests_left
    for no key update skip locked
  loop
    perform private.lock_belongings(guest_id);
    delete from public.principals where id = guest_id;
    deleted := deleted + 1;
  end loop;

  delete from public.principals
  where migrated_to is not null and kind = 'user'
    and last_seen_at < clock_timestamp() - moved_user_lifetime;
  delete from public.deleted_accounts
  where deleted_at < clock_timestamp() - longest_token_life;
  return jsonb_build_object('deleted', deleted);
end
$$;

-- Gives everything of a guest to an account: {principal, guest, body: {temp_user_id,
-- permanent_user_id}}. The edge has proven both; guest is {"kind": "guest", "token_hash"} or an
-- anonymous Supabase user, {"kind": "user", "issuer", "subject"}. Answers {message, already,
-- user_id, migrated}; calling again changes nothing and says `already`. Whatever is wrong with the
-- guest is 403: 401 would say that the account's own token does not count.
create or replace function public.migrate_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  account_id uuid := private.resolve_principal(request -> 'principal');
  guest jsonb := request -> 'guest';
  guest_id uuid;
  principal public.principals;
  is_moved boolean;
  moved jsonb := '{"projects": 0, "sessions": 0, "messages": 0, "dossiers": 0}';
begin
  if request -> 'principal' ->> 'kind' not in ('user', 'external') then
    perform private.refuse(403, 'forbidden',
      'A guest cannot take over a guest: sign in, and send that token as the bearer.');
  end if;
  if guest ->> 'kind' is null or guest ->> 'kind' not in ('guest', 'user') then
    perform private.refuse(422, 'invalid_request', 'guest.kind must be guest or user.');
  end if;
  guest_id := (private.find_principal(guest)).id;
  if guest_id is null and guest ->> 'kind' = 'user' and not private.is_deleted(guest) then
    -- An anonymous user who has done nothing here has nothing to move, which is no fault.
    guest_id := private.resolve_principal(guest);
  end if;
  if guest_id is null then
    perform private.refuse_unknown_guest();
  end if;
  if private.read_id(request -> 'body', 'permanent_user_id') is distinct from account_id then
    perform private.refuse(403, 'forbidden',
      'permanent_user_id must be the id of the account whose token is sent.');
  end if;
  if private.read_id(request -> 'body', 'temp_user_id') is distinct from guest_id then
    perform private.refuse(403, 'forbidden',
      'temp_user_id must be the id of the guest whose token is sent.');
  end if;

  if guest_id <> account_id then
    -- Both, so that neither can go away, and migrations to one account come one after the other.
    perform from public.principals where id in (guest_id, account_id)
    order by id
    for no key update;
    select * into principal from public.principals where id = account_id;
    perform private.require_current(principal);
    select * into principal from public.principals where id = guest_id;
    if not found then
      perform private.refuse_unknown_guest();
    end if;
    if principal.migrated_to <> account_id then
      perform private.refuse(403, 'forbidden',
        'This guest has moved to another account: sign in to that one.');
    end if;
    is_moved := principal.migrated_to is not null;
    if not is_moved then
      moved := private.move_belongings(guest_id, account_id);
      update public.principals
      set migrated_to = account_id, last_seen_at = clock_timestamp()
      where id = guest_id;
    end if;
  end if;

  return private.answer(jsonb_build_object(
    'message', case
      when is_moved is false then 'Everything of the guest belongs to the account now.'
      else 'Everything of the guest belongs to the account already.'
    end,
    'already', is_moved is distinct from false,
    'user_id', account_id,
    'migrated', moved));
end
$$;

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

-- The step with this lease, locked with its job and what that is for; refused when the lease was not the
-- last one of it.
create or replace function private.open_step(request jsonb) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  job public.jobs;
  opened public.job_steps;
begin
  select * into job from public.jobs where job_id = wanted_id;
  perform from public.sessions where session_id = job.session_id for no key update;
  perform from public.projects where project_id = job.project_id for share;
  perform from public.jobs where job_id = wanted_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such job, or what it was for is gone: drop what was done.');
  end if;
  select * into opened from public.job_steps
  where job_id = wanted_id and step = (request ->> 'step')::integer
  for update;
  if (opened.lease_token = lease) is not true then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this step, or it begins anew, or its job was cancelled: drop what was done.');
  end if;
  return opened;
end
$$;

-- The job, which is the principal's, locked with what it is for if it is to be changed; refused otherwise.
create or replace function private.own_job(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
begin
  select * into job from public.jobs where job_id = wanted_id and owner_id = principal_id;
  if found and is_locked then
    perform from public.sessions where session_id = job.session_id for no key update;
    perform from public.projects where project_id = job.project_id for share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse_job();
  end if;
  return job;
end
$$;

-- The import, which is the principal's, locked if it is to be changed; refused otherwise.
create or replace function private.own_import(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_project_id constant uuid := private.read_id(request, 'project_id');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  is_visible boolean;
  import public.jobs;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);
  if is_visible then
    if is_locked then
      perform from public.projects where project_id = wanted_project_id for share;
      select * into import from public.jobs
      where job_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
        and kind = 'dossier_import'
      for no key update;
    else
      select * into import from public.jobs
      where job_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
        and kind = 'dossier_import';
    end if;
  end if;
  if import.job_id is null then
    perform private.refuse_import();
  end if;
  return import;
end
$$;

-- What a project has, locked in the order in which others lock it.
create or replace function private.lock_project_contents(wanted_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.sessions where project_id = wanted_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where (project_id = wanted_id or session_id = any (array(
      select session_id from public.sessions where project_id = wanted_id)))
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where project_id = wanted_id for no key update;
end
$$;

-- Removes a project with its dossier and its sessions: {principal, project_id, if_match}. What goes is
-- locked first in the order of locks: a cascade would take it as it likes.
create or replace function public.delete_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.lock_project_contents(project.project_id);
  delete from public.projects where project_id = project.project_id;
  return private.answer(
    '{"message": "The project is deleted, with its dossier and its sessions."}');
end
$$;

revoke all on function private.lock_project_contents(uuid) from public, anon, authenticated, service_role;
grant execute on function private.lock_project_contents(uuid) to service_role;
drop function private.lock_dossier_with_sessions(uuid);
