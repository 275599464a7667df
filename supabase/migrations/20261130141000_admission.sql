-- Admission: a caller's first call of anything that spends asks private.admit, which counts it for the caller,
-- the network prefix and the deployment. Turns take shares of plans like jobs, all calls of jobs count in plans,
-- and the operator can suspend a principal.

alter table public.principals add column suspended_at timestamptz;

create index generations_streaming_of_owner on public.generations (owner_id) where status = 'streaming';

alter table public.plan_shares rename column job_id to source_id;
alter table public.plan_shares add column is_added_up boolean not null default false;
create index plan_shares_open on public.plan_shares (owner_id) where settled_at is null;
comment on table public.plan_shares is 'The shares of plans that jobs and turns use. Not readable over REST.';

drop function private.settle_share(uuid);
drop function private.take_share(uuid, uuid, integer, bigint, integer);
drop function private.check_open_jobs(uuid);

-- The use that network prefixes and the deployment have made of their limits. A counter has several rows, each with
-- its part of the limit, because every beginning call holds one until its transaction ends: a call that has
-- to wait for another lock must not delay all others of its prefix.
create table public.admission_counters (
  -- deployment, deployment_guests, new_guests, prefix:HASH or new_guests:HASH.
  scope text not null check (char_length(scope) between 1 and 128),
  part integer not null check (part between 0 and 15),
  -- When the part's whole allowance is available again.
  full_at timestamptz not null,
  primary key (scope, part)
);

comment on table public.admission_counters is
  'One timestamp for each part of a counter. Not readable over REST.';

-- Counters that are full again, which the cleaner deletes.
create index admission_counters_by_age on public.admission_counters (full_at);

alter table public.admission_counters enable row level security;

-- The usage of the whole deployment, a row for each day in UTC.
create table public.deployment_usage (
  day date primary key,
  -- The ledger's sum of the day up to counted_until, when no transaction could add to it any more.
  counted_tokens bigint not null default 0 check (counted_tokens >= 0),
  counted_until timestamptz not null,
  -- The sum from counted_until to read_at, and the reservations that were open at read_at.
  recent_tokens bigint not null default 0 check (recent_tokens >= 0),
  reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
  -- Turns that were running at read_at.
  running_turns integer not null default 0 check (running_turns >= 0),
  read_at timestamptz not null
);

comment on table public.deployment_usage is 'The usage of everybody together, by day. Not readable over REST.';

alter table public.deployment_usage enable row level security;

-- The principal of the request's token, null without one and for one who is suspended. Policies use
-- only this. A Supabase user's id has a meaning only in tokens of this deployment's Supabase. A user
-- is identified by the `sub` of tokens without an issuer (the embedded Supabase writes none), with the
-- issuer `supabase`, which private.act_as sets, or from Supabase Auth, whose URL may change. Any other
-- issuer that PostgREST trusts may choose any ids for its users, including a Supabase user's, and
-- never identifies one. Only private.act_as identifies a guest, without an issuer. Security definer:
-- callers may not read principals themselves.
create or replace function private.current_principal() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  -- PostgREST sets the claims, the embedded Supabase the single settings too; after a transaction
  -- both are empty rather than unset.
  claims jsonb := coalesce(
    nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
  token_subject text := coalesce(
    claims ->> 'sub', nullif(current_setting('request.jwt.claim.sub', true), ''));
  token_issuer text := claims ->> 'iss';
  principal_id uuid;
begin
  if token_subject ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    select id into principal_id
    from public.principals
    where id = token_subject::uuid and suspended_at is null
      and case kind
        when 'user' then
          token_issuer is null or token_issuer = 'supabase' or token_issuer like '%/auth/v1'
        when 'guest' then token_issuer is null
        else false
      end;
  end if;
  if principal_id is null then
    select id into principal_id
    from public.principals
    where issuer = token_issuer and subject = token_subject and kind = 'external'
      and suspended_at is null;
  end if;
  return principal_id;
end
$$;

revoke all on function private.current_principal() from public, anon, authenticated, service_role;
grant execute on function private.current_principal() to authenticated;

-- The principal, who may have moved; a row of nulls when there is none. Takes the same as
-- private.resolve_principal.
create or replace function private.find_principal(caller jsonb) returns public.principals
language plpgsql stable set search_path = '' as $$
declare
  principal public.principals;
begin
  case caller ->> 'kind'
    when 'user' then
      select * into principal from public.principals
      where id = private.read_id(caller, 'subject') and kind = 'user';
    when 'external' then
      select * into principal from public.principals
      where issuer = caller ->> 'issuer' and subject = caller ->> 'subject' and kind = 'external';
    when 'new_guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash';
    when 'guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash' and expires_at > clock_timestamp();
    when 'named' then
      select * into principal from public.principals where id = private.read_id(caller, 'subject');
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest, new_guest or named.');
  end case;
  return principal;
end
$$;

-- Refuses principals that do not exist or are suspended, and guests who have moved.
create or replace function private.require_current(principal public.principals) returns void
language plpgsql set search_path = '' as $$
begin
  if principal.id is null then
    perform private.refuse(401, 'invalid_token',
      'This token is unknown or has expired: sign in again, or go on without it as a new guest.');
  end if;
  if principal.suspended_at is not null then
    perform private.refuse(403, 'account_suspended',
      'This account is suspended: ask the operator of this server.');
  end if;
  if principal.migrated_to is not null then
    perform private.refuse(401, 'invalid_token',
      'This guest has moved to an account: sign in to that account.');
  end if;
end
$$;

revoke all on function
  private.find_principal(jsonb),
  private.require_current(public.principals)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_principal(jsonb),
  private.require_current(public.principals)
to service_role;

-- Creates a guest: {principal: {kind: new_guest, token_hash}, admission?, caller: a guest who must exist |
-- null}; returns {user_id, expires_at}.
create or replace function public.create_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.admit(request);
begin
  if request ->> 'caller' is not null then
    perform private.require_current(private.find_principal(request -> 'caller'));
  end if;
  return (
    select jsonb_build_object('user_id', id, 'expires_at', private.iso(expires_at))
    from public.principals where id = principal_id);
end
$$;

revoke all on function public.create_guest(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_guest(jsonb) to service_role;

-- Refuses an unknown guest, without blaming the account's token.
create or replace function private.refuse_unknown_guest() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(403, 'forbidden',
    'The guest of guest_token is not known here, or no longer: there is nothing to move.');
end
$$;

-- Moves everything of a guest to an account: {principal, guest, body: {temp_user_id,
-- permanent_user_id}}. The edge has verified both; guest is {"kind": "guest", "token_hash"} or an
-- anonymous Supabase user, {"kind": "user", "issuer", "subject"}. Answers {message, already,
-- user_id, migrated}; calling again changes nothing and returns `already` true. Any fault of the
-- guest is 403: 401 would mean that the account's own token is invalid.
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
    if principal.suspended_at is not null then
      perform private.require_current(principal);
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

revoke all on function
  private.refuse_unknown_guest(),
  public.migrate_guest(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_unknown_guest(),
  public.migrate_guest(jsonb)
to service_role;

-- Waits until no transaction works on the principal's rows, and keeps others out until this one ends;
-- false when there is no such principal. Without it, cascades would lock the rows in an undefined order,
-- and deadlock with others. Foreign keys' checks continue meanwhile (HACKING.md, "Locks").
create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.characters where owner_id = principal_id order by character_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.plan_shares where owner_id = principal_id order by source_id, month for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  perform from public.memory_logs where owner_id = principal_id order by memory_log_id for no key update;
  return true;
end
$$;

revoke all on function private.lock_belongings(uuid) from public, anon, authenticated, service_role;
grant execute on function private.lock_belongings(uuid) to service_role;

-- Locks a project's sessions, open jobs, their shares and the dossier, in the common order of locks.
create or replace function private.lock_project_contents(wanted_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.sessions where project_id = wanted_id order by session_id for no key update;
  -- Only steps of open jobs can be claimed, which is done without the session's lock.
  perform from public.jobs
  where (project_id = wanted_id or session_id = any (array(
      select session_id from public.sessions where project_id = wanted_id)))
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.plan_shares
  where source_id = any (array(
      select job_id from public.jobs
      where project_id = wanted_id or session_id = any (array(
        select session_id from public.sessions where project_id = wanted_id))))
    and settled_at is null
  order by source_id, month
  for no key update;
  perform from public.dossiers where project_id = wanted_id for no key update;
end
$$;

-- Deletes a project with its dossier and its sessions: {principal, project_id, if_match}. Locks them first,
-- in the order of locks, because a cascade has no defined order.
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

revoke all on function
  private.lock_project_contents(uuid),
  public.delete_project(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.lock_project_contents(uuid),
  public.delete_project(jsonb)
to service_role;

-- Suspension, by the operator: a suspended principal may do nothing, and nothing is done for them.

-- Ends the sessions of a user at Supabase Auth: no refresh token is valid any more. Does nothing without
-- Supabase Auth. Security definer: the tables belong to Auth.
create function private.end_auth_sessions(ended_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  table_name text;
begin
  foreach table_name in array array['auth.refresh_tokens', 'auth.sessions'] loop
    if to_regclass(table_name) is not null and has_table_privilege(table_name, 'select')
      and has_table_privilege(table_name, 'delete')
    then
      execute format('delete from %s where user_id::text = %L', table_name, ended_user_id);
    end if;
  end loop;
end
$$;

-- Suspends a principal: their tokens are refused from now on, their running replies are asked to stop, and
-- their open jobs end.
create function private.suspend_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  open_job_id uuid;
begin
  if not private.lock_belongings(principal_id) then
    perform private.refuse(404, 'not_found', 'There is no such user: use an id from the list of users.');
  end if;
  update public.principals set suspended_at = coalesce(suspended_at, clock_timestamp())
  where id = principal_id;
  update public.generations set cancel_requested = true
  where owner_id = principal_id and status = 'streaming';
  for open_job_id in
    select job_id from public.jobs
    where owner_id = principal_id and status in ('queued', 'running', 'paused')
    order by job_id
  loop
    perform private.drop_job(open_job_id);
  end loop;
  perform private.end_auth_sessions(principal_id);
end
$$;

-- Lets a suspended principal in again, with the tokens that are still valid.
create function private.reinstate_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.principals set suspended_at = null where id = principal_id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such user: use an id from the list of users.');
  end if;
end
$$;

revoke all on function
  private.end_auth_sessions(uuid),
  private.suspend_principal(uuid),
  private.reinstate_principal(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.end_auth_sessions(uuid),
  private.suspend_principal(uuid),
  private.reinstate_principal(uuid)
to service_role;

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
-- if_newest, call_id, wait_ms, chosen, guidance, instructions}.
--   principal         as for private.resolve_principal
--   title             for a new session
--   claimed_user_id   must be the principal's own
--   rate_limit        {action, max_requests, window_seconds}
--   admission         see private.admit; the turn then takes a share of the principal's plan
--   external_id       instead of session_id: the caller's name for the conversation, which its first turn
--                     creates
--   bot_id            a bot that the principal may use; where provider and model are absent, the turn
--                     records the bot's
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
    -- After all other locks.
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

-- Stores the end of a streaming generation: its text becomes the assistant's message, and its chunks are
-- deleted. The caller has locked the session and the generation. `outcome` is finish_turn's request. A run
-- that has added no text stores nothing, and restores the path. The message exists already if the reply was
-- ended for silence and reopened.
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
  perform private.settle_turn(generation);

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
      'continued_from', generation.continued_from_id,
      'provider', generation.provider,
      'model', generation.model)) || generation.reply_metadata,
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id
  on conflict (message_id) do update
  set content = excluded.content, status = excluded.status, provider = excluded.provider,
      model = excluded.model, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, metadata = excluded.metadata;

  -- The path may have moved while the model wrote: then the reply is another take beside it.
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

-- For a writer that was only slow: its reply was ended for silence although it is alive. Unless the
-- conversation has continued since, the writer continues its reply as if it had never been silent.

-- Returns the generation, streaming again if that is possible, unchanged otherwise. The caller has locked the
-- session and the generation. The message, if there is one, is what readers see until the reply ends.
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
    -- A person has edited the reply's message.
    select message.content into content from public.messages message
    where message.message_id = generation.message_id and message.revision = 1;
    if not found then
      return generation;
    end if;
  elsif generation.base_bytes > 0 then
    -- It has added nothing yet to the reply that it continues, so it needs that reply's text of that time.
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

  -- Counts the turn once: the counted end is removed, or only the difference is counted later.
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
  perform private.reopen_turn_share(generation);
  -- The path that the end of the reply restored.
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

-- Records calls of a step that is deleted or was taken over by another worker: {job_id, step, kind, user_id,
-- project_id?, lease_token, calls}, as returned by claim_step. Returns {}.
create or replace function public.record_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  common public.model_calls;
begin
  common.source_id := private.read_id(request, 'lease_token');
  common.kind := request ->> 'kind';
  common.step := (request ->> 'step')::integer;
  -- Before the job, although it comes after it: whoever deletes the job has locked its share, and waits for the
  -- job's lock that this call takes.
  perform from public.plan_shares where source_id = private.read_id(request, 'job_id')
  order by month
  for no key update;
  select job_id, owner_id into common.job_id, common.owner_id
  from public.jobs where job_id = private.read_id(request, 'job_id')
  for key share;
  -- A deleted account has no ledger.
  if not found then
    select id into common.owner_id from public.principals
    where id = private.read_id(request, 'user_id')
    for key share;
  end if;
  if common.owner_id is not null and common.source_id is not null then
    common.project_id := private.read_id(request, 'project_id');
    perform private.write_job_calls(
      common, private.read_id(request, 'job_id'), request -> 'calls');
  end if;
  return '{}';
end
$$;

revoke all on function public.record_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_model_calls(jsonb) to service_role;

-- Returns the unused reservation of the share of a job or a turn, if it has one. Calls that are reported later
-- count nevertheless (write_job_calls.sql).
create or replace function private.settle_share(source_id uuid) returns void
language sql set search_path = '' as $$
  update public.plan_shares share set settled_at = clock_timestamp()
  where share.source_id = settle_share.source_id and share.settled_at is null;
$$;

-- Settles the share of a job that ends, in any way.
create or replace function private.settle_ended_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.settle_share(old.job_id);
  return null;
end
$$;

-- Settles the share of a turn that is deleted while it runs: it was withdrawn, or its session is gone.
create or replace function private.settle_deleted_turn() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.settle_share(old.generation_id);
  return null;
end
$$;

revoke all on function
  private.settle_share(uuid),
  private.settle_ended_job(),
  private.settle_deleted_turn()
from public, anon, authenticated, service_role;
grant execute on function private.settle_share(uuid) to service_role;

create trigger settle_share_of_deleted after delete on public.generations
  for each row when (old.status = 'streaming')
  execute function private.settle_deleted_turn();

-- Reserves the share that a job or a turn has of its owner's plan, or refuses with 429 plan_exceeded and
-- {usage, reserved, limit, resets_at}. It is added to a share that the job has open. Call it after all other
-- locks of the transaction, including the job's; code that settles shares never waits for its lock. The share
-- is settled when the job or the turn ends (settle_share.sql, turn_shares.sql).
create or replace function private.take_share(
  owner_id uuid, source_id uuid, calls integer, tokens bigint, images integer, is_added_up boolean default false
) returns void
language plpgsql set search_path = '' as $$
declare
  -- Longer than a job's calls are reported late, and than anybody asks what was used.
  lifetime constant interval := '13 months';
  this_month date;
  taken jsonb;
  asked constant jsonb := jsonb_build_object('calls', calls, 'tokens', tokens, 'images', images);
  lacking text;
begin
  insert into public.principal_plans as known (owner_id) values (take_share.owner_id)
  on conflict on constraint principal_plans_pkey do nothing;
  perform from public.principal_plans known
  where known.owner_id = take_share.owner_id
  for no key update;
  this_month := private.month_of(clock_timestamp());
  taken := private.plan_usage(take_share.owner_id, this_month);
  select string_agg(needed.key, ' and ' order by needed.key) into lacking
  from jsonb_each_text(asked) needed
  where needed.value::numeric > 0
    and (taken -> 'usage' ->> needed.key)::numeric + (taken -> 'reserved' ->> needed.key)::numeric
      + needed.value::numeric > (taken -> 'limit' ->> needed.key)::numeric;
  if lacking is not null then
    perform private.refuse_with(429, 'plan_exceeded', format(
        'Your plan %s has too few %s left in this month: ask for less, or wait until %s, or until what is '
        'running has ended, or ask for a larger plan.',
        taken ->> 'plan', lacking, taken ->> 'resets_at'),
      (taken - array['plan', 'month']) || jsonb_build_object('plan', taken -> 'plan'),
      ceil(extract(epoch from (taken ->> 'resets_at')::timestamptz - clock_timestamp()))::integer);
  end if;
  delete from public.plan_shares old
  where old.owner_id = take_share.owner_id and old.month < this_month - lifetime
    and old.settled_at is not null;
  insert into public.plan_shares as share (
    source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, is_added_up)
  values (
    take_share.source_id, this_month, take_share.owner_id, take_share.calls, take_share.tokens,
    take_share.images, take_share.is_added_up)
  on conflict on constraint plan_shares_pkey do update
  set reserved_calls = excluded.reserved_calls
        + case when share.settled_at is null then share.reserved_calls else share.used_calls end,
      reserved_tokens = excluded.reserved_tokens
        + case when share.settled_at is null then share.reserved_tokens else share.used_tokens end,
      reserved_images = excluded.reserved_images
        + case when share.settled_at is null then share.reserved_images else share.used_images end,
      settled_at = null, is_added_up = excluded.is_added_up;
end
$$;

-- Reserves the unused rest of its share again for a job that continues after its end, if it has reserved one.
-- Call it after all other locks, like private.take_share.
create or replace function private.retake_share(job public.jobs) returns void
language plpgsql set search_path = '' as $$
declare
  share public.plan_shares;
begin
  select * into share from public.plan_shares
  where source_id = job.job_id
  order by month desc
  limit 1;
  if share.settled_at is not null and not share.is_added_up then
    perform private.take_share(
      job.owner_id, job.job_id,
      greatest(share.reserved_calls - share.used_calls, 1)::integer,
      greatest(share.reserved_tokens - share.used_tokens, 0),
      greatest(share.reserved_images - share.used_images, 0)::integer);
  end if;
end
$$;

revoke all on function
  private.take_share(uuid, uuid, integer, bigint, integer, boolean),
  private.retake_share(public.jobs)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_share(uuid, uuid, integer, bigint, integer, boolean),
  private.retake_share(public.jobs)
to service_role;

-- Writes calls of a job to the ledger, and counts them in the job's share; a job that has reserved none gets one
-- with its first calls, so that everything that spends counts. wanted_job_id may belong to a deleted job;
-- common.job_id is then null. Counts only new usage: calls may be reported twice, and a worker's lost call may
-- become known.
create or replace function private.write_job_calls(
  common public.model_calls, wanted_job_id uuid, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  share public.plan_shares;
  known record;
begin
  if jsonb_typeof(calls) is distinct from 'array' or calls = '[]' then
    return;
  end if;
  select * into share from public.plan_shares
  where source_id = wanted_job_id
  order by month desc
  limit 1
  for no key update;
  if share.source_id is null then
    insert into public.plan_shares (
      source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, settled_at, is_added_up)
    values (
      wanted_job_id, private.month_of(clock_timestamp()), common.owner_id, 0, 0, 0, clock_timestamp(), true)
    on conflict on constraint plan_shares_pkey do nothing;
    select * into share from public.plan_shares
    where source_id = wanted_job_id
    order by month desc
    limit 1
    for no key update;
  end if;
  select count(*) as calls,
    coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0) as tokens
  into known
  from public.model_calls
  where source_id = common.source_id;
  perform private.write_model_calls(common, calls);
  update public.plan_shares
  set used_calls = greatest(used_calls + made.calls - known.calls, 0),
      used_tokens = greatest(used_tokens + made.tokens - known.tokens, 0)
  from (
    select count(*) as calls,
      coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0) as tokens
    from public.model_calls
    where source_id = common.source_id
  ) made
  where plan_shares.source_id = share.source_id and plan_shares.month = share.month;
end
$$;

revoke all on function private.write_job_calls(public.model_calls, uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_job_calls(public.model_calls, uuid, jsonb) to service_role;

-- Shares that turns take of their owners' plans. A turn takes its share when it begins, for one call and the
-- tokens that it may need. Whatever ends it settles the share with what the ledger has of it.

-- The tokens that a turn reserves: its history, what comes before and after it, and the longest reply. `request`
-- is begin_turn's, with the settings that were chosen.
create function private.turn_tokens(question public.messages, request jsonb) returns bigint
language plpgsql stable set search_path = '' as $$
declare
  usual_reply_tokens constant integer := 2048;
begin
  return coalesce((request ->> 'history_budget_tokens')::bigint, 0)
    + private.estimate_tokens(coalesce(request ->> 'system_prompt', ''))
    + private.estimate_tokens(coalesce(request ->> 'text', request ->> 'instruction', ''))
    + private.attached_tokens(question)
    + coalesce((request #>> '{settings,max_output_tokens}')::bigint, usual_reply_tokens);
end
$$;

-- Adds the usage of shares that ended long ago to their owner's one row of the month, so that an owner has few
-- rows. The caller has locked the owner's row of principal_plans; rows that somebody else
-- has locked are left for the next time.
create function private.add_up_shares(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- Longer than any turn runs, so that the end of a turn always finds its row.
  kept_for constant interval := '1 hour';
  max_rows constant integer := 500;
begin
  with ended as (
    delete from public.plan_shares share
    where share.source_id = any (array(
      select old.source_id from public.plan_shares old
      where old.owner_id = principal_id and old.is_added_up and old.source_id <> principal_id
        and old.settled_at < clock_timestamp() - kept_for
      limit max_rows
      for no key update skip locked))
    returning share.month, share.used_calls, share.used_tokens
  )
  insert into public.plan_shares as total (
    source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, used_calls, used_tokens,
    settled_at, is_added_up)
  select principal_id, ended.month, principal_id, 0, 0, 0, sum(ended.used_calls), sum(ended.used_tokens),
    clock_timestamp(), true
  from ended
  group by ended.month
  on conflict on constraint plan_shares_pkey do update
  set used_calls = total.used_calls + excluded.used_calls,
      used_tokens = total.used_tokens + excluded.used_tokens,
      settled_at = excluded.settled_at;
end
$$;

-- Takes the share of a turn that begins, or refuses; also when the owner has too many turns running, or has used
-- the tokens of the day. Call it after all other locks, like private.take_share, whose lock makes all these
-- limits exact. `request` is begin_turn's.
create function private.take_turn_share(
  generation public.generations, question public.messages, request jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  max_running constant integer := private.limit_of_caller(request, 'streams');
  running integer;
begin
  perform private.take_share(
    generation.owner_id, generation.generation_id, 1, private.turn_tokens(question, request), 0, true);
  select count(*) into running
  from public.generations other
  where other.owner_id = generation.owner_id and other.status = 'streaming'
    and not private.is_silent(other);
  if running > max_running then
    perform private.refuse_by_limit('caller', format(
        '%s of your replies are being written: wait until one has ended, or cancel one.', max_running),
      5, jsonb_build_object('max_running', max_running));
  end if;
  perform private.check_tokens_of_day(generation.owner_id, request);
  perform private.add_up_shares(generation.owner_id);
end
$$;

-- Counts what a turn that has ended has used, and gives the rest of its share back. The calls of the turn are
-- recorded.
create function private.settle_turn(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  update public.plan_shares share
  set used_calls = made.calls, used_tokens = made.tokens, settled_at = clock_timestamp()
  from (
    select count(*) as calls, coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0) as tokens
    from public.model_calls
    where source_id = generation.generation_id
  ) made
  where share.source_id = generation.generation_id;
end
$$;

-- Opens the share of a turn again whose writer was only slow.
create function private.reopen_turn_share(generation public.generations) returns void
language sql set search_path = '' as $$
  update public.plan_shares share set settled_at = null
  where share.source_id = generation.generation_id;
$$;

revoke all on function
  private.turn_tokens(public.messages, jsonb),
  private.add_up_shares(uuid),
  private.take_turn_share(public.generations, public.messages, jsonb),
  private.settle_turn(public.generations),
  private.reopen_turn_share(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.turn_tokens(public.messages, jsonb),
  private.add_up_shares(uuid),
  private.take_turn_share(public.generations, public.messages, jsonb),
  private.settle_turn(public.generations),
  private.reopen_turn_share(public.generations)
to service_role;

-- The limits of admission: the deployment's settings, and these where a setting is absent. For callers of each
-- kind, for a network prefix, and for the deployment:
--   requests in window_seconds    first calls of anything that spends
--   streams                       replies that are written at the same time
--   open_jobs                     jobs that have not ended
--   tokens_a_day                  input and output, since midnight UTC; null: no limit beside the plan
--   new_guests in guest_window_seconds
-- and of the deployment also
--   guest_requests                those of its requests that guests may use up
--   tokens_a_month
--   guest_percent                 how much of its tokens must be used before guests are refused
create function private.admission_limits(request jsonb) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_object_agg(scope.key, scope.value
    || jsonb_strip_nulls(coalesce(nullif(request #> array['admission', 'limits', scope.key], 'null'), '{}')))
  from jsonb_each('{
    "guest": {"requests": 60, "window_seconds": 60, "streams": 4, "open_jobs": 20, "tokens_a_day": 300000},
    "user": {"requests": 300, "window_seconds": 60, "streams": 50, "open_jobs": 200},
    "key": {"requests": 3000, "window_seconds": 60, "streams": 500, "open_jobs": 200},
    "prefix": {"requests": 600, "window_seconds": 60, "new_guests": 30, "guest_window_seconds": 3600},
    "deployment": {"requests": 12000, "window_seconds": 60, "guest_requests": 6000, "new_guests": 2000,
      "guest_window_seconds": 3600, "streams": 2000, "tokens_a_day": 100000000,
      "tokens_a_month": 1000000000, "guest_percent": 80}
  }') scope;
$$;

-- The kind of a caller for the limits: guest, user, or key for a server that has the secret key.
create function private.kind_of_caller(caller jsonb) returns text
language sql immutable parallel safe
return case caller ->> 'kind'
  when 'guest' then 'guest' when 'new_guest' then 'guest' when 'named' then 'key' else 'user' end;

revoke all on function
  private.admission_limits(jsonb),
  private.kind_of_caller(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.admission_limits(jsonb),
  private.kind_of_caller(jsonb)
to service_role;

-- Counts refusals by the scope of the limit. They are sequences, because a refusal rolls back everything else
-- that its transaction has written. (A crash of the server may skip up to 32.)
create sequence private.refused_for_caller as bigint;
create sequence private.refused_for_prefix as bigint;
create sequence private.refused_for_deployment as bigint;

grant usage, select on sequence
  private.refused_for_caller, private.refused_for_prefix, private.refused_for_deployment
to service_role;

-- Refuses a call because of a limit of its caller, its prefix, or the deployment: 429 rate_limited, or 503
-- capacity_exceeded if it is the deployment's. The message says what the caller may do.
create function private.refuse_by_limit(
  scope text, message text, retry_after_s integer, members jsonb default '{}'
) returns void
language plpgsql set search_path = '' as $$
begin
  case scope
    when 'caller' then perform nextval('private.refused_for_caller');
    when 'prefix' then perform nextval('private.refused_for_prefix');
    else perform nextval('private.refused_for_deployment');
  end case;
  perform private.refuse_with(
    case scope when 'deployment' then 503 else 429 end,
    case scope when 'deployment' then 'capacity_exceeded' else 'rate_limited' end,
    message, members || jsonb_build_object('scope', scope), retry_after_s);
end
$$;

revoke all on function private.refuse_by_limit(text, text, integer, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.refuse_by_limit(text, text, integer, jsonb) to service_role;

-- The time after which a part of a counter may be used once more, and the latest time at which it is full
-- again that still allows a use. The first parts have one use more if the parts do not divide the limit.
create function private.counter_cost(max_uses integer, window_seconds integer, parts integer, part integer)
returns interval
language sql immutable parallel safe
return make_interval(secs => window_seconds::double precision
  / (max_uses / parts + (part < max_uses % parts)::integer));

create function private.counter_has_room(
  full_at timestamptz, max_uses integer, window_seconds integer, parts integer, part integer
) returns boolean
language sql volatile
return full_at <= clock_timestamp() + private.counter_cost(max_uses, window_seconds, parts, part)
  * (max_uses / parts + (part < max_uses % parts)::integer - 1);

-- The parts of a counter that have no row, in any order.
create function private.unused_parts(wanted_scope text, parts integer) returns setof integer
language sql volatile set search_path = '' as $$
  select number
  from generate_series(0, parts - 1) number
  where not exists (
    select from public.admission_counters
    where scope = wanted_scope and part = number)
  order by random();
$$;

-- Uses the counter of a scope once; returns 0, or the seconds to wait if it is used up, and then changes
-- nothing. A burst of max_uses, then one more after each max_uses-th part of the window. It waits for other
-- transactions only if they hold all parts that have room.
create function private.take_admission(scope text, max_uses integer, window_seconds integer)
returns integer
language plpgsql set search_path = '' as $$
declare
  parts constant integer := least(16, max_uses);
  taken integer;
  is_made boolean := false;
  wait_seconds integer;
begin
  if max_uses < 1 or window_seconds < 1 then
    return greatest(window_seconds, 1);
  end if;
  loop
    begin
      select counter.part into strict taken from public.admission_counters counter
      where counter.scope = take_admission.scope and counter.part < parts
        and private.counter_has_room(counter.full_at, max_uses, window_seconds, parts, counter.part)
      order by random()
      limit 1
      for no key update skip locked;
      exit;
    exception when no_data_found then
      -- Rows that were used up meanwhile are unlocked again.
      null;
    end;
    -- Not one that a transaction is making, which may have to wait for a long time.
    for taken in select number from private.unused_parts(scope, parts) number loop
      if pg_try_advisory_xact_lock(hashtextextended(concat_ws(' ', 'admission', scope, taken), 0)) then
        insert into public.admission_counters (scope, part, full_at)
        values (take_admission.scope, taken, clock_timestamp())
        on conflict on constraint admission_counters_pkey do nothing;
        is_made := found;
        exit when is_made;
      end if;
    end loop;
    exit when is_made;
    begin
      select counter.part into strict taken from public.admission_counters counter
      where counter.scope = take_admission.scope and counter.part < parts
        and private.counter_has_room(counter.full_at, max_uses, window_seconds, parts, counter.part)
      -- All who wait lock rows that may be used up meanwhile: in one order.
      order by counter.part
      limit 1
      for no key update;
      exit;
    exception when no_data_found then
      null;
    end;
    select number into taken from private.unused_parts(scope, parts) number limit 1;
    if found then
      insert into public.admission_counters (scope, part, full_at)
      values (take_admission.scope, taken, clock_timestamp())
      on conflict on constraint admission_counters_pkey do nothing;
      exit when found;
      continue;
    end if;
    select ceil(extract(epoch from min(counter.full_at - clock_timestamp()
        - private.counter_cost(max_uses, window_seconds, parts, counter.part)
          * (max_uses / parts + (counter.part < max_uses % parts)::integer - 1))))
    into wait_seconds
    from public.admission_counters counter
    where counter.scope = take_admission.scope and counter.part < parts;
    return greatest(wait_seconds, 1);
  end loop;
  update public.admission_counters counter
  set full_at = greatest(counter.full_at, clock_timestamp())
    + private.counter_cost(max_uses, window_seconds, parts, counter.part)
  where counter.scope = take_admission.scope and counter.part = taken;
  return 0;
end
$$;

-- Deletes counters that nobody has used since they were full; the cleaner calls it. Prefixes are not kept
-- longer than their limits need.
create function private.delete_full_counters(row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted integer;
begin
  delete from public.admission_counters
  where (scope, part) in (
    select scope, part from public.admission_counters
    where full_at < clock_timestamp()
    order by full_at
    limit row_limit
    for no key update skip locked);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

revoke all on function
  private.counter_cost(integer, integer, integer, integer),
  private.counter_has_room(timestamptz, integer, integer, integer, integer),
  private.unused_parts(text, integer),
  private.take_admission(text, integer, integer),
  private.delete_full_counters(integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.counter_cost(integer, integer, integer, integer),
  private.counter_has_room(timestamptz, integer, integer, integer, integer),
  private.unused_parts(text, integer),
  private.take_admission(text, integer, integer),
  private.delete_full_counters(integer)
to service_role;

-- Brings the row of today up to date, if it is older than a few seconds and nobody else is doing it: the
-- ledger is read only from where the last call stopped.
create function private.read_deployment_usage() returns void
language plpgsql set search_path = '' as $$
declare
  valid_for constant interval := '5 seconds';
  -- Longer than any transaction that writes to the ledger (statement_timeout of service_role).
  settles_after constant interval := '2 minutes';
  moment constant timestamptz := clock_timestamp();
  today constant date := (moment at time zone 'UTC')::date;
  today_begins constant timestamptz := today::timestamp at time zone 'UTC';
  usage public.deployment_usage;
  settled_until timestamptz;
begin
  select * into usage from public.deployment_usage where day = today;
  if usage.read_at > moment - valid_for then
    return;
  end if;
  if usage.day is null then
    insert into public.deployment_usage (day, counted_until, read_at)
    values (today, today_begins, '-infinity')
    on conflict (day) do nothing;
  end if;
  select * into usage from public.deployment_usage where day = today for no key update skip locked;
  if not found or usage.read_at > moment - valid_for then
    return;
  end if;
  settled_until := greatest(usage.counted_until, moment - settles_after);
  update public.deployment_usage
  set counted_tokens = usage.counted_tokens + recorded.settled,
      counted_until = settled_until,
      recent_tokens = recorded.recent,
      reserved_tokens = (
        select coalesce(sum(greatest(reserved_tokens - used_tokens, 0)), 0)
        from public.plan_shares where settled_at is null),
      running_turns = (select count(*) from public.generations where status = 'streaming'),
      read_at = moment
  from (
    select
      coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens)
        filter (where created_at < settled_until), 0) as settled,
      coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens)
        filter (where created_at >= settled_until), 0) as recent
    from public.model_calls
    where created_at >= usage.counted_until
  ) recorded
  where day = today;
  -- The end of yesterday, when nothing can be added to it any more.
  update public.deployment_usage yesterday
  set counted_tokens = yesterday.counted_tokens + (
        select coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0)
        from public.model_calls
        where created_at >= yesterday.counted_until and created_at < today_begins),
      recent_tokens = 0, reserved_tokens = 0, counted_until = today_begins
  where yesterday.day = today - 1 and yesterday.counted_until < today_begins
    and today_begins < moment - settles_after;
end
$$;

-- Refuses when the deployment has used its tokens of the day or the month, guests first, or when too many turns
-- are running. Work that began in the last few seconds may not be counted yet.
create function private.check_deployment(limits jsonb, caller_kind text) returns void
language plpgsql set search_path = '' as $$
declare
  moment constant timestamptz := clock_timestamp();
  today constant date := (moment at time zone 'UTC')::date;
  -- The part of each limit that callers of this kind may use.
  fraction constant numeric := case caller_kind
    when 'guest' then least((limits ->> 'guest_percent')::numeric, 100) / 100 else 1 end;
  used record;
  resets_at timestamptz;
begin
  perform private.read_deployment_usage();
  select
    coalesce(sum(counted_tokens + recent_tokens + reserved_tokens) filter (where day = today), 0) as day,
    coalesce(sum(running_turns) filter (where day = today), 0) as running_turns,
    -- Reservations of earlier days are among those of today, or have become calls.
    coalesce(sum(counted_tokens + recent_tokens
      + case when day = today then reserved_tokens else 0 end), 0) as month
  into used
  from public.deployment_usage
  where day >= private.month_of(moment) and day <= today;
  resets_at := case
    when used.month >= (limits ->> 'tokens_a_month')::numeric * fraction
      then (private.month_of(moment) + interval '1 month') at time zone 'UTC'
    when used.day >= (limits ->> 'tokens_a_day')::numeric * fraction
      then (today + 1)::timestamp at time zone 'UTC'
  end;
  if resets_at is not null then
    perform private.refuse_by_limit('deployment', case caller_kind
        when 'guest' then 'This server has little capacity left: sign in, or come back later.'
        else 'This server has no capacity left: come back later, or ask its operator for more.' end,
      ceil(extract(epoch from resets_at - moment))::integer,
      jsonb_build_object('resets_at', private.iso(resets_at)));
  end if;
  if used.running_turns >= (limits ->> 'streams')::integer then
    perform private.refuse_by_limit('deployment',
      'This server is writing as many replies as it can: try again in a few seconds.', 5);
  end if;
end
$$;

revoke all on function
  private.read_deployment_usage(),
  private.check_deployment(jsonb, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_deployment_usage(),
  private.check_deployment(jsonb, text)
to service_role;

-- Admission: whether a caller may begin something that spends. Each function that is a caller's first call of
-- something that spends calls private.admit instead of private.resolve_principal, in its own transaction. A
-- refusal undoes that transaction, so that it makes no principal and stores nothing. Counters are locked
-- before everything else, in the order prefix, deployment, then the caller's after the principal.
--
-- The functions send with {principal}, in begin_turn, start_job, retry_step, start_import, begin_story,
-- begin_story_illustrations, open_realtime_session and create_guest:
--   admission  {prefix, guests, limits}; {} has all defaults; without it nothing is asked
--     prefix   text of at most 64 characters, the HMAC of the caller's network (IPv4 /24, IPv6 /56), made with
--              the server's secret from the platform's own address of the client; absent if that is unknown
--     guests   false refuses guests (FABULA_GUESTS=off); the default is true
--     limits   {guest, user, key, prefix, deployment}, each with the members of private.admission_limits that
--              the settings change
-- Refusals, with a message that says what may be done:
--   401 missing_credentials   guests are off
--   403 account_suspended     see private.suspend_principal
--   429 rate_limited          the caller's or the prefix's limit; Retry-After, member scope: caller or prefix
--   429 plan_exceeded         the caller's plan (private.take_share)
--   503 capacity_exceeded     the deployment's limit; Retry-After, member scope: deployment

-- Refuses guests where the deployment has none.
create function private.check_guests(request jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if private.kind_of_caller(request -> 'principal') = 'guest'
    and not coalesce((request #>> '{admission,guests}')::boolean, true)
  then
    perform nextval('private.refused_for_caller');
    perform private.refuse(401, 'missing_credentials',
      'This server serves no guests: sign in, and send that token as the bearer.');
  end if;
end
$$;

-- Takes what is counted for a prefix: a request, and a guest if one is made.
create function private.admit_prefix(prefix text, limits jsonb, makes_guest boolean) returns void
language plpgsql set search_path = '' as $$
declare
  wait_seconds integer;
begin
  if prefix is null then
    return;
  end if;
  if char_length(prefix) not between 1 and 64 then
    perform private.refuse(422, 'invalid_request', 'admission.prefix must have 1 to 64 characters.');
  end if;
  wait_seconds := private.take_admission(
    'prefix:' || prefix, (limits ->> 'requests')::integer, (limits ->> 'window_seconds')::integer);
  if wait_seconds > 0 then
    perform private.refuse_by_limit('prefix', format(
      'Too many requests from your network: try again in %s s.', wait_seconds), wait_seconds);
  end if;
  if makes_guest then
    wait_seconds := private.take_admission(
      'new_guests:' || prefix, (limits ->> 'new_guests')::integer, (limits ->> 'guest_window_seconds')::integer);
    if wait_seconds > 0 then
      perform private.refuse_by_limit('prefix', format(
        'Too many new guests from your network: go on with the token of an earlier one, sign in, or try again '
        'in %s s.', wait_seconds), wait_seconds);
    end if;
  end if;
end
$$;

-- Takes what is counted for the deployment: a request, guests' from their part of it, and a guest if one is
-- made.
create function private.admit_to_deployment(limits jsonb, caller_kind text, makes_guest boolean) returns void
language plpgsql set search_path = '' as $$
declare
  wait_seconds integer;
begin
  perform private.check_deployment(limits, caller_kind);
  wait_seconds := private.take_admission(
    'deployment', (limits ->> 'requests')::integer, (limits ->> 'window_seconds')::integer);
  if wait_seconds = 0 and caller_kind = 'guest' then
    wait_seconds := private.take_admission(
      'deployment_guests', (limits ->> 'guest_requests')::integer, (limits ->> 'window_seconds')::integer);
  end if;
  if wait_seconds > 0 then
    perform private.refuse_by_limit('deployment', format(
      'This server is busy: try again in %s s.', wait_seconds), wait_seconds);
  end if;
  if makes_guest then
    wait_seconds := private.take_admission(
      'new_guests', (limits ->> 'new_guests')::integer, (limits ->> 'guest_window_seconds')::integer);
    if wait_seconds > 0 then
      perform private.refuse_by_limit('deployment', format(
        'This server takes no new guests now: sign in, or try again in %s s.', wait_seconds), wait_seconds);
    end if;
  end if;
end
$$;

-- Admits the caller of a request, or refuses; the principal's id, as private.resolve_principal.
create function private.admit(request jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  caller constant jsonb := request -> 'principal';
  caller_kind constant text := private.kind_of_caller(caller);
  limits jsonb;
  makes_guest boolean;
  principal_id uuid;
begin
  if not private.is_admission_asked(request) then
    return private.resolve_principal(caller);
  end if;
  perform private.check_guests(request);
  limits := private.admission_limits(request);
  -- A first call that is repeated has its guest.
  makes_guest := caller ->> 'kind' = 'new_guest' and (private.find_principal(caller)).id is null;
  perform private.admit_prefix(request #>> '{admission,prefix}', limits -> 'prefix', makes_guest);
  perform private.admit_to_deployment(limits -> 'deployment', caller_kind, makes_guest);
  principal_id := private.resolve_principal(caller);
  -- Its lock makes a caller's first calls come one after another.
  perform private.take_rate_limit(principal_id, 'admission',
    (limits #>> array[caller_kind, 'requests'])::integer,
    (limits #>> array[caller_kind, 'window_seconds'])::integer);
  return principal_id;
end
$$;

create function private.is_admission_asked(request jsonb) returns boolean
language sql immutable parallel safe
return jsonb_typeof(request -> 'admission') is not distinct from 'object';

-- One of the limits for the caller of a request; null if there is none, or no admission is asked.
create function private.limit_of_caller(request jsonb, name text) returns bigint
language plpgsql immutable set search_path = '' as $$
begin
  if not private.is_admission_asked(request) then
    return null;
  end if;
  return (private.admission_limits(request)
    #>> array[private.kind_of_caller(request -> 'principal'), name])::bigint;
end
$$;

-- Refuses when the caller has used their tokens of the day: the ledger's since midnight UTC, and what is
-- reserved. The caller's row of principal_plans is locked, and the new reservation is taken.
create function private.check_tokens_of_day(principal_id uuid, request jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_tokens constant bigint := private.limit_of_caller(request, 'tokens_a_day');
  moment constant timestamptz := clock_timestamp();
  midnight constant timestamptz := date_trunc('day', moment, 'UTC');
  spent bigint;
begin
  if max_tokens is null then
    return;
  end if;
  spent := (
    select coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0)
    from public.model_calls
    where owner_id = principal_id and created_at >= midnight)
    + (
    select coalesce(sum(greatest(share.reserved_tokens - share.used_tokens, 0)), 0)
    from public.plan_shares share
    where share.owner_id = principal_id and share.settled_at is null);
  if spent > max_tokens then
    perform private.refuse_by_limit('caller', format(
        'You have used the %s tokens that you may use in a day: ask for less, or wait until %s, or until what is '
        'running has ended%s.',
        max_tokens, private.iso(midnight + interval '1 day'),
        case private.kind_of_caller(request -> 'principal') when 'guest' then ', or sign in' else '' end),
      ceil(extract(epoch from midnight + interval '1 day' - moment))::integer,
      jsonb_build_object('tokens_a_day', max_tokens, 'resets_at', private.iso(midnight + interval '1 day')));
  end if;
end
$$;

revoke all on function
  private.check_guests(jsonb),
  private.admit_prefix(text, jsonb, boolean),
  private.admit_to_deployment(jsonb, text, boolean),
  private.admit(jsonb),
  private.is_admission_asked(jsonb),
  private.limit_of_caller(jsonb, text),
  private.check_tokens_of_day(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_guests(jsonb),
  private.admit_prefix(text, jsonb, boolean),
  private.admit_to_deployment(jsonb, text, boolean),
  private.admit(jsonb),
  private.is_admission_asked(jsonb),
  private.limit_of_caller(jsonb, text),
  private.check_tokens_of_day(uuid, jsonb)
to service_role;

-- Begins to import a text: {principal, admission?, project_id, title | null, chapters, steps: [{text, chapter,
-- chapter_title | null, from_byte}]}; 202 with its progress, and the URL for reading it.
create or replace function public.start_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 400;
  max_step_bytes constant integer := 16384;
  max_text_bytes constant integer := 1048576;
  -- Bounded, because imports keep their texts, for quotes.
  max_imports constant integer := 20;
  project public.projects;
  import public.jobs;
  dossier_start bigint;
  parts constant jsonb := request -> 'steps';
begin
  project := private.open_project(
    private.admit(request), private.read_id(request, 'project_id'));
  if jsonb_typeof(parts) is distinct from 'array'
    or jsonb_array_length(parts) not between 1 and max_steps then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of 1 to %s parts of the text.', max_steps));
  end if;
  if (select sum(octet_length(part ->> 'text')) > max_text_bytes
      or max(octet_length(part ->> 'text')) > max_step_bytes
      or not bool_and(coalesce(part ->> 'text', '') <> '')
    from jsonb_array_elements(parts) part)
  then
    perform private.refuse(413, 'body_too_large', format(
      'The text may have %s bytes, and each of its steps 1 to %s.', max_text_bytes, max_step_bytes));
  end if;

  select log_start into dossier_start from public.dossiers
  where project_id = project.project_id;
  select * into import from public.jobs
  where subject_id = project.project_id and kind = 'dossier_import' and merge_key = 'project'
    and status in ('queued', 'running', 'paused')
  for no key update;
  if found then
    if (import.payload ->> 'log_start')::bigint = dossier_start then
      perform private.refuse(409, 'import_in_progress', format(
        'A text is being imported into this project: wait for task %s, or cancel it.',
        import.job_id));
    end if;
    perform private.drop_job(import.job_id);
  end if;
  if (select count(*) >= max_imports from public.jobs
      where project_id = project.project_id and kind = 'dossier_import')
  then
    perform private.refuse(422, 'invalid_request', format(
      'A project may have %s imports: use another project.', max_imports));
  end if;
  perform private.check_open_jobs(
    project.owner_id, private.limit_of_caller(request, 'open_jobs')::integer);

  import := private.add_job(jsonb_build_object(
    'kind', 'dossier_import', 'owner_id', project.owner_id, 'project_id', project.project_id,
    'merge_key', 'project', 'is_serial', false, 'kept_for', null,
    'payload', jsonb_build_object(
      'title', nullif(btrim(left(request ->> 'title', 200)), ''),
      'chapters', (request ->> 'chapters')::integer,
      -- Emptying the dossier changes its log_start, which ends the import.
      'log_start', dossier_start),
    'steps', (
      select jsonb_agg(jsonb_build_object(
        'text', part.value ->> 'text', 'chapter', (part.value ->> 'chapter')::integer,
        'chapter_title', nullif(left(part.value ->> 'chapter_title', 200), ''),
        'from_byte', (part.value ->> 'from_byte')::integer) order by part.place)
      from jsonb_array_elements(parts) with ordinality as part (value, place))));
  if private.is_admission_asked(request) then
    -- After all other locks.
    perform private.take_share(
      project.owner_id, import.job_id, jsonb_array_length(parts), private.import_tokens(parts), 0);
    perform private.check_tokens_of_day(project.owner_id, request);
  end if;
  return private.answer(
    private.import_body(import) || jsonb_build_object(
      'status_url', format('/dossier/%s/import/%s', import.project_id, import.job_id)),
    202);
end
$$;

-- The tokens that reading the parts of a text may take: each with the instructions, and the answer.
create or replace function private.import_tokens(parts jsonb) returns bigint
language sql immutable set search_path = '' as $$
  select sum(2 * private.estimate_tokens(part ->> 'text') + 3000) from jsonb_array_elements(parts) part;
$$;

revoke all on function
  public.start_import(jsonb),
  private.import_tokens(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.start_import(jsonb),
  private.import_tokens(jsonb)
to service_role;

-- Refuses when the owner has reached the limit of open jobs: this one, or by default 200.
create or replace function private.check_open_jobs(principal_id uuid, wanted_limit integer default null) returns void
language plpgsql set search_path = '' as $$
declare
  max_open_jobs constant integer := coalesce(wanted_limit, 200);
begin
  if (
    select count(*) >= max_open_jobs
    from (
      select from public.jobs
      where owner_id = principal_id and status in ('queued', 'running', 'paused')
      limit max_open_jobs
    ) open)
  then
    perform private.refuse_by_limit('caller', format(
      '%s jobs of yours are open: wait until one has ended, or cancel one.', max_open_jobs),
      60, jsonb_build_object('open_jobs', max_open_jobs));
  end if;
end
$$;

revoke all on function private.check_open_jobs(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function private.check_open_jobs(uuid, integer) to service_role;

-- Begins a job for a person: {principal, admission?, kind, session_id or project_id, merge_key?, is_serial?,
-- payload?, steps?, delay_seconds?}, as for private.add_job; 202 with private.job_body. An owner may have at most 200
-- open jobs, or as many as the deployment's settings say.
create or replace function public.start_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 1000;
  max_delay_seconds constant double precision := 31536000;
  principal_id constant uuid := private.admit(request);
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  delay_seconds constant double precision := (request ->> 'delay_seconds')::double precision;
  job public.jobs;
begin
  if jsonb_typeof(request -> 'steps') = 'array'
    and jsonb_array_length(request -> 'steps') not between 1 and max_steps
  then
    perform private.refuse(422, 'invalid_request',
      format('A job may be begun with 1 to %s steps.', max_steps));
  end if;
  if wanted_session_id is not null then
    perform private.open_own_session(principal_id, wanted_session_id);
  else
    perform private.open_project(principal_id, private.read_id(request, 'project_id'));
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  job := private.add_job(
    (request - array['principal', 'admission', 'owner_id', 'delay_seconds', 'run_after', 'kept_for', 'project_id',
      'reports_progress'])
    || jsonb_build_object('owner_id', principal_id)
    || case when wanted_session_id is null
      then jsonb_build_object('project_id', request -> 'project_id') else '{}' end
    || case when delay_seconds is null then '{}' else jsonb_build_object(
      'run_after', clock_timestamp() + make_interval(
        secs => least(greatest(delay_seconds, 0), max_delay_seconds))) end);
  return private.answer(private.job_body(job), 202);
end
$$;

revoke all on function public.start_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.start_job(jsonb) to service_role;

-- Retries a step that has failed for good: {principal, admission?, job_id, step}. The job continues from it,
-- and keeps the results of other steps. Refused when the step has not failed, or the job was cancelled.
create or replace function public.retry_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.admit(request);
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'cancelled' then
    perform private.refuse(422, 'invalid_request', 'The job was cancelled: begin another one.');
  end if;
  if job.finished_at is not null then
    -- A newer job has taken this one's place.
    if exists (
      select from public.jobs
      where subject_id = job.subject_id and kind = job.kind and merge_key = job.merge_key
        and status in ('queued', 'running', 'paused'))
    then
      perform private.refuse(422, 'invalid_request',
        'Another job does the same already: wait for that one.');
    end if;
    perform private.check_open_jobs(
      principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  end if;
  update public.job_steps
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = 0, lease_token = null, leased_until = null, run_after = clock_timestamp(),
      error = null, finished_at = null
  where job_id = job.job_id and step = (request ->> 'step')::integer and status = 'failed';
  if not found then
    perform private.refuse(422, 'invalid_request',
      'This step has not failed: only what was given up is tried again.');
  end if;
  update public.jobs set error = null where job_id = job.job_id;
  if job.status <> 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.retry_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.retry_step(jsonb) to service_role;

-- Refuses anything but {session_id, connection_id, left_seconds, after_event_id?} from a connection.
create or replace function private.check_connection_request(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if jsonb_typeof(request -> 'session_id') is distinct from 'string'
    or char_length(request ->> 'session_id') not between 1 and 128 then
    perform private.refuse(422, 'invalid_request', 'session_id must have 1 to 128 characters.');
  end if;
  if request ->> 'connection_id' is null then
    perform private.refuse(422, 'invalid_request', 'connection_id must be a UUID.');
  end if;
  if jsonb_typeof(request -> 'left_seconds') is distinct from 'number'
    or (request ->> 'left_seconds')::numeric not between 1 and 86400 then
    perform private.refuse(422, 'invalid_request', 'left_seconds must be 1 to 86400.');
  end if;
  if coalesce(request ->> 'after_event_id', '0') !~ '^[0-9]{1,18}$' then
    perform private.refuse(422, 'invalid_request',
      'The last event''s id must be 0 or more: send the id of the last event that is known.');
  end if;
end
$$;

-- Records that the connection is present; the session is locked.
create or replace function private.arrive(session public.sessions, connection_id uuid, left_seconds integer)
returns void
language plpgsql set search_path = '' as $$
begin
  if private.resume_realtime_session(session.session_id, true) then
    insert into public.conversation_events (session_id, owner_id, role, type, content, metadata)
    values (
      session.session_id, session.owner_id, 'system', 'system', 'The session goes on.',
      '{"code": "resumed"}');
  end if;
  insert into public.live_connections as connection (connection_id, session_id, owner_id, seen_at)
  values (arrive.connection_id, session.session_id, session.owner_id, clock_timestamp())
  on conflict on constraint live_connections_pkey do update set seen_at = excluded.seen_at
    where connection.session_id = excluded.session_id;
  if not found then
    perform private.refuse(422, 'invalid_request',
      'connection_id names a connection of another session: make a new one for each connection.');
  end if;
  update public.live_sessions live
  set opened_at = coalesce(live.opened_at, clock_timestamp()), left_seconds = arrive.left_seconds
  where live.session_id = session.session_id;
  perform private.plan_realtime_summary(
    session.session_id,
    clock_timestamp() + private.gone_after() + make_interval(secs => arrive.left_seconds));
end
$$;

-- Creates or resumes a session for a connection: {principal, admission?, session_id, connection_id, left_seconds,
-- after_event_id?, limit, project_id?}, where session_id is the caller's own name for it. A session that
-- had ended is open again, and an event records it. Returns {user_id, session_id (the UUID), external_id,
-- is_new, start_time, project_id | null, is_begun, mode | null} and private.session_state: is_begun means
-- that it has messages, and mode is the one that the first of them has chosen.
create or replace function public.open_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_connection_id constant uuid := private.read_id(request, 'connection_id');
  principal_id uuid;
  session public.sessions;
  is_new boolean;
begin
  perform private.check_connection_request(request);
  principal_id := private.admit(request);
  session := private.open_session(
    principal_id, 'realtime', null, request ->> 'session_id', private.read_id(request, 'project_id'),
    request ->> 'session_id');
  select opened_at is null into is_new from public.live_sessions
  where session_id = session.session_id;
  perform private.arrive(session, wanted_connection_id, (request ->> 'left_seconds')::integer);
  return jsonb_build_object(
    'user_id', session.owner_id,
    'session_id', session.session_id,
    'external_id', session.external_id,
    'is_new', is_new,
    'project_id', session.project_id,
    'is_begun', session.message_count > 0,
    'mode', (
      select first.metadata ->> 'task' from public.messages first
      where first.session_id = session.session_id and first.parent_id is null
      order by first.position limit 1),
    'start_time', private.iso(session.created_at))
    || private.session_state(
      session.session_id, (request ->> 'after_event_id')::bigint, private.page_size(request, 100));
end
$$;

revoke all on function
  private.check_connection_request(jsonb),
  private.arrive(public.sessions, uuid, integer),
  public.open_realtime_session(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_connection_request(jsonb),
  private.arrive(public.sessions, uuid, integer),
  public.open_realtime_session(jsonb)
to service_role;

-- The existing task of a request: one with the same idempotency key, or one that is open for the same answer.
create or replace function private.find_story_task(principal_id uuid, request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
  known public.story_requests;
begin
  if request ->> 'idempotency_key' is not null then
    select * into known from public.story_requests
    where owner_id = principal_id and idempotency_key = request ->> 'idempotency_key'
    limit 1;
    if found and known.request_hash is distinct from coalesce(request ->> 'request_hash', '-') then
      perform private.refuse(422, 'idempotency_key_reused',
        'This Idempotency-Key was used for another request: use a new one.');
    end if;
    if found then
      select * into job from public.jobs where job_id = known.job_id;
      return job;
    end if;
  end if;
  select open.* into job
  from public.story_cache entry
  join public.jobs open on open.job_id = entry.job_id
  where entry.owner_id = principal_id and entry.cache_key = request ->> 'cache_key'
    and entry.body is null and open.status in ('queued', 'running', 'paused')
  order by entry.created_at desc
  limit 1;
  return job;
end
$$;

-- Whether answers of a route are cached: a continuation of a story is generated each time.
create or replace function private.is_story_cached(route text) returns boolean
language sql immutable parallel safe
return route not in ('continue', 'scene', 'illustrations');

-- The cached answer to the request; null when there is none, or none is valid. For a request with a project
-- id it is valid only while nothing of the story has changed.
create or replace function private.read_story_cache(principal_id uuid, request jsonb) returns public.story_cache
language plpgsql set search_path = '' as $$
declare
  kept_for constant interval := '30 days';
  entry public.story_cache;
begin
  delete from public.story_cache
  where owner_id = principal_id and created_at <= clock_timestamp() - kept_for and body is not null;
  if (request ->> 'fresh')::boolean or not private.is_story_cached(request ->> 'route') then
    return null;
  end if;
  select * into entry from public.story_cache
  where owner_id = principal_id and cache_key = request ->> 'cache_key' and body is not null
    -- A whole story's answer names the task, which is kept for a shorter time.
    and (route <> 'full' or job_id is not null)
    and (request ->> 'project_id' is null
      or project_id = private.read_id(request, 'project_id')
        and not exists (
          select from public.story_parts part
          where part.project_id = story_cache.project_id and part.updated_at > story_cache.created_at))
  order by created_at desc
  limit 1;
  if found then
    update public.story_cache set hits = hits + 1 where entry_id = entry.entry_id;
  end if;
  return entry;
end
$$;

-- Begins a story's task, or finds its answer: {principal, admission?, route, settings, adjustments?, given: {premise?,
-- outline?, story_text?, idea?, feedback?, scene_id?}, project_id?, cache_key, fresh?, share: {calls,
-- tokens}, expected_steps?, title?, idempotency_key?, request_hash?, named?}. Returns {outcome: "cached" |
-- "begun" | "joined", task_id, project_id, settings, body?}: the settings of the story, and the cached
-- answer. An existing story changes only the settings in `named`; without `named`, all. Only one task of a
-- story is open at a time.
create or replace function public.begin_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  route constant text := request ->> 'route';
  principal_id uuid;
  cached public.story_cache;
  job public.jobs;
  project public.projects;
  story public.stories;
  phases constant text[] := array['setup', 'premise', 'outline', 'writing', 'export'];
  phase_of_route constant text := case
    when route in ('ideas', 'setup') then 'setup'
    when route = 'premise' then 'premise'
    when route in ('outline', 'refine') then 'outline'
    else 'writing'
  end;
begin
  if (route in ('premise', 'outline', 'refine', 'start', 'continue', 'full', 'ideas', 'setup', 'scene'))
      is not true
    or (request ->> 'cache_key' ~ '^[0-9a-f]{64}$') is not true
    or jsonb_typeof(request -> 'settings') is distinct from 'object'
  then
    perform private.refuse(422, 'invalid_request',
      'route must be a route of the story, cache_key a SHA-256 in hexadecimal digits, and settings an object.');
  end if;
  principal_id := private.admit(request);
  -- A new project needs the owner before anything else is locked.
  perform private.hold_principal(principal_id);
  -- Equal requests at once are one task, also when the first of them makes the project.
  perform pg_advisory_xact_lock(hashtextextended('story:' || principal_id, 0));
  job := private.find_story_task(principal_id, request);
  if job.job_id is not null then
    return private.begun_story('joined', job.job_id, job.project_id);
  end if;
  cached := private.read_story_cache(principal_id, request);
  if cached.entry_id is not null then
    return private.begun_story('cached', cached.job_id, cached.project_id)
      || jsonb_build_object('body', cached.body);
  end if;

  project := private.find_story_project(principal_id, request);
  select * into job from public.jobs
  where subject_id = project.project_id and kind = 'story' and merge_key = 'story'
    and status in ('queued', 'running', 'paused');
  if found then
    if job.payload ->> 'cache_key' = request ->> 'cache_key' then
      return private.begun_story('joined', job.job_id, job.project_id);
    end if;
    perform private.refuse(409, 'story_in_progress', format(
      'This story is being worked on by task %s: wait until it ends, or cancel it.', job.job_id), '2');
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  insert into public.stories (project_id, owner_id, settings, title, created_at)
  values (project.project_id, principal_id, request -> 'settings',
    left(coalesce(request ->> 'title', request #>> '{settings,title}', ''), 200), clock_timestamp())
  on conflict (project_id) do update
  set settings = case
        when stories.settings = '{}' or request -> 'named' is null then excluded.settings
        else stories.settings || (
          select coalesce(jsonb_object_agg(key, value), '{}')
          from jsonb_each(excluded.settings) setting
          where request -> 'named' ? setting.key)
      end,
      title = coalesce(nullif(excluded.title, ''), stories.title),
      extra_pieces = 0
  returning * into story;
  perform private.take_givens(story, request);
  update public.projects set phase = phase_of_route
  where project_id = project.project_id
    and array_position(phases, phase) < array_position(phases, phase_of_route);

  job := private.add_job(jsonb_build_object(
    'kind', 'story', 'owner_id', principal_id, 'project_id', project.project_id, 'merge_key', 'story',
    'kept_for', '7 days', 'reports_progress', true,
    'payload', jsonb_strip_nulls(jsonb_build_object(
      'route', route, 'cache_key', request -> 'cache_key', 'settings', story.settings,
      'adjustments', request -> 'adjustments', 'expected_steps', request -> 'expected_steps',
      -- The parts are stored as rows.
      'given', coalesce(nullif(request -> 'given', 'null'), '{}') - array['premise', 'story_text']
        - case when jsonb_typeof(request #> '{given,outline}') = 'array' then 'outline' else '' end))));
  if private.is_story_cached(route) then
    insert into public.story_cache (owner_id, project_id, cache_key, route, job_id, created_at)
    values (principal_id, project.project_id, request ->> 'cache_key', route, job.job_id, clock_timestamp());
  end if;
  if request ->> 'idempotency_key' is not null then
    insert into public.story_requests (job_id, owner_id, idempotency_key, request_hash)
    values (job.job_id, principal_id, request ->> 'idempotency_key',
      coalesce(request ->> 'request_hash', '-'));
  end if;
  -- After all other locks.
  perform private.take_share(
    principal_id, job.job_id, coalesce((request #>> '{share,calls}')::integer, 0),
    coalesce((request #>> '{share,tokens}')::bigint, 0), 0);
  perform private.check_tokens_of_day(principal_id, request);
  return private.begun_story('begun', job.job_id, project.project_id);
end
$$;

create or replace function private.begun_story(outcome text, task_id uuid, wanted_project_id uuid) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'outcome', outcome, 'task_id', task_id, 'project_id', wanted_project_id, 'settings', (
    select settings from public.stories where project_id = wanted_project_id));

revoke all on function
  private.find_story_task(uuid, jsonb),
  private.is_story_cached(text),
  private.read_story_cache(uuid, jsonb),
  public.begin_story(jsonb),
  private.begun_story(text, uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_story_task(uuid, jsonb),
  private.is_story_cached(text),
  private.read_story_cache(uuid, jsonb),
  public.begin_story(jsonb),
  private.begun_story(text, uuid, uuid)
to service_role;

-- Begins a task that draws pictures of scenes: {principal, admission?, body: {project_id, scene_ids?,
-- style?}}. Without scene_ids it draws all scenes that have an image_prompt and no picture; named scenes are drawn again. 202
-- with {task_id, project_id, status, message, status_url}. One such task of a story is open at a time.
create or replace function public.begin_story_illustrations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  principal_id constant uuid := private.admit(request);
  story constant public.stories := private.open_story(principal_id, private.read_id(body, 'project_id'));
  named_ids uuid[];
  scene_ids uuid[];
  job public.jobs;
  task_message text;
begin
  select * into job from public.jobs
  where subject_id = story.project_id and kind = 'story_illustrations' and merge_key = 'story'
    and status in ('queued', 'running', 'paused');
  if found then
    perform private.refuse(409, 'story_in_progress', format(
      'Pictures of this story are being drawn by task %s: wait until it ends, or cancel it.', job.job_id), '2');
  end if;
  if jsonb_typeof(body -> 'scene_ids') = 'array' then
    select array_agg(distinct sent.scene_id::uuid) into named_ids
    from jsonb_array_elements_text(body -> 'scene_ids') sent (scene_id);
  end if;
  select array_agg(scene.part_id order by scene.number) into scene_ids
  from public.story_parts scene
  where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null
    and scene.plan ->> 'image_prompt' ~ '\S'
    and case when named_ids is null
      then not exists (select from public.story_illustrations known where known.part_id = scene.part_id)
      else scene.part_id = any (named_ids)
    end;
  if cardinality(scene_ids) is distinct from coalesce(cardinality(named_ids), cardinality(scene_ids)) then
    perform private.refuse(422, 'invalid_request',
      'Each of scene_ids must be a scene of this story that is not deleted and has an image_prompt.');
  end if;
  if scene_ids is null then
    perform private.refuse(422, 'invalid_request',
      'There is nothing to draw: no scene has an image_prompt and no picture. Write an outline, or name the '
      'scenes that are to be drawn again in scene_ids.');
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  task_message := format('%s %s to be drawn.', cardinality(scene_ids),
    case when cardinality(scene_ids) = 1 then 'picture is' else 'pictures are' end);
  job := private.add_job(jsonb_build_object(
    'kind', 'story_illustrations', 'owner_id', principal_id, 'project_id', story.project_id,
    'merge_key', 'story', 'kept_for', '7 days',
    -- One picture that cannot be drawn keeps no other from being drawn.
    'is_serial', false,
    'payload', jsonb_strip_nulls(jsonb_build_object('route', 'illustrations', 'style', body -> 'style')),
    'steps', (
      select jsonb_agg(jsonb_build_object('scene_id', wanted.scene_id) order by wanted.place)
      from unnest(scene_ids) with ordinality as wanted (scene_id, place))));
  update public.jobs set message = task_message where job_id = job.job_id;
  -- After all other locks.
  perform private.take_share(
    principal_id, job.job_id, cardinality(scene_ids), 0, cardinality(scene_ids));
  return private.answer(
    jsonb_build_object(
      'task_id', job.job_id, 'project_id', story.project_id,
      'status', private.story_task_status(job.status), 'message', task_message,
      'status_url', format('/story/task/%s/status', job.job_id)),
    202);
end
$$;

revoke all on function public.begin_story_illustrations(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.begin_story_illustrations(jsonb) to service_role;

-- Steps of tasks that draw pictures (jobs/has_job_hook.sql): each draws one scene.

-- {scene_id, image_prompt, object_path}: the prompt, and the path for the file. Null when the scene is
-- deleted or has no image_prompt any more.
create or replace function private.story_illustrations_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Far longer than a lease.
  longest_drawing constant interval := '1 hour';
  scene public.story_parts;
  path text;
begin
  select * into scene from public.story_parts
  where part_id = (step.payload ->> 'scene_id')::uuid and number is not null
    and plan ->> 'image_prompt' ~ '\S';
  if not found then
    return null;
  end if;
  path := job.project_id || '/' || scene.part_id || '-' || job.job_id;
  insert into public.deleted_illustrations (object_path, try_after)
  values (path, clock_timestamp() + longest_drawing)
  on conflict (object_path) do update set try_after = excluded.try_after;
  return jsonb_build_object(
    'scene_id', scene.part_id,
    'image_prompt', concat_ws(E'\n\n', scene.plan ->> 'image_prompt', 'Style: ' || (job.payload ->> 'style')),
    'object_path', path);
end
$$;

-- Stores a picture: result {scene_id, object_path, image_prompt, media_type, byte_count, model}.
create or replace function private.story_illustrations_store(
  job public.jobs, step public.job_steps, argument jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  made constant jsonb := argument -> 'result';
begin
  if (argument ->> 'already')::boolean then
    return '{}';
  end if;
  insert into public.story_illustrations (
    part_id, owner_id, object_path, media_type, byte_count, image_prompt, model, created_at)
  values (
    (step.payload ->> 'scene_id')::uuid, job.owner_id, made ->> 'object_path', made ->> 'media_type',
    (made ->> 'byte_count')::integer, left(made ->> 'image_prompt', 5000), left(made ->> 'model', 330),
    clock_timestamp())
  on conflict (part_id) do update
  set object_path = excluded.object_path, media_type = excluded.media_type,
      byte_count = excluded.byte_count, image_prompt = excluded.image_prompt, model = excluded.model,
      created_at = excluded.created_at;
  delete from public.deleted_illustrations where object_path = made ->> 'object_path';
  -- Its calls are counted as those of all steps are.
  update public.plan_shares share set used_images = used_images + 1
  where share.source_id = job.job_id and share.month = (
    select max(month) from public.plan_shares where plan_shares.source_id = job.job_id);
  return jsonb_build_object('result', jsonb_build_object('scene_id', step.payload -> 'scene_id'));
end
$$;

revoke all on function
  private.story_illustrations_work(public.jobs, public.job_steps, jsonb),
  private.story_illustrations_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_illustrations_work(public.jobs, public.job_steps, jsonb),
  private.story_illustrations_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- Continues a failed task from the step that was given up: {principal, admission?, task_id}.
create or replace function public.retry_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs;
begin
  -- Before the job is locked.
  perform private.admit(request);
  request := request - 'admission';
  job := private.own_story_task(request, true);
  if job.status <> 'failed' then
    perform private.refuse(422, 'invalid_request',
      'This task has not failed: only what was given up is tried again.');
  end if;
  perform public.retry_step(request || jsonb_build_object('job_id', job.job_id, 'step', (
    select max(step) from public.job_steps where job_id = job.job_id and status = 'failed')));
  select * into job from public.jobs where job_id = job.job_id;
  if private.is_story_cached(job.payload ->> 'route') then
    insert into public.story_cache (owner_id, project_id, cache_key, route, job_id, created_at)
    values (job.owner_id, job.project_id, job.payload ->> 'cache_key', job.payload ->> 'route', job.job_id,
      clock_timestamp());
  end if;
  return private.answer(private.story_task_body(job, false), 202);
end
$$;

select private.align_grants_with_policies();
