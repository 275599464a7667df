-- Plans limit what people store. The bytes of each text are counted by the statement that stores, changes or removes
-- it.

alter table public.plans
  add column stored_bytes bigint check (stored_bytes >= 0);
update public.plans set stored_bytes = defaults.bytes
from (values ('free', 200000000), ('basic', 2000000000), ('pro', 20000000000)) defaults (name, bytes)
where plans.name = defaults.name;

alter table public.sessions
  add column uncounted_bytes bigint check (uncounted_bytes >= 0);
create index sessions_to_uncount on public.sessions (session_id)
  where not is_active and uncounted_bytes is null;

-- How the bytes of text that principals store have changed, to be added up. A change is a row of its own: a
-- counter would be locked by every transaction that stores something, in any order. The text of
-- deleted sessions is not counted, once the cleaner has taken it away.
create table public.stored_byte_changes (
  change_id bigint generated always as identity primary key,
  -- Without a foreign key: its check would lock the principal against the lock order. A trigger removes a
  -- principal's rows (delete_stored_byte_changes.sql).
  owner_id uuid not null,
  bytes bigint not null,
  -- The transaction that has stored it; 0 for a sum of earlier changes.
  transaction_id xid8 not null default pg_current_xact_id()
);

comment on table public.stored_byte_changes is 'The bytes that principals store. Not readable over REST.';

-- A principal's changes, to add them up.
create index stored_byte_changes_of_owner on public.stored_byte_changes (owner_id);

alter table public.stored_byte_changes enable row level security;

select private.align_grants_with_policies();

-- No row changes between this count and the triggers.
lock table public.sessions, public.messages, public.message_revisions, public.dossier_assertions,
  public.story_versions, public.projects, public.characters, public.bots, public.job_steps
in share row exclusive mode;

insert into public.stored_byte_changes (owner_id, bytes, transaction_id)
select owner_id, sum(bytes), '0'::xid8
from (
  select owner_id, octet_length(content) + octet_length(metadata::text) from public.messages
  union all
  select owner_id, octet_length(content) from public.message_revisions
  union all
  select owner_id, octet_length(body::text) from public.dossier_assertions
  union all
  select owner_id, octet_length(coalesce(content::text, '')) from public.story_versions
  union all
  select owner_id, octet_length(name) + octet_length(coalesce(instructions, '')) from public.projects
  union all
  select owner_id, octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, '')) from public.characters
  union all
  select owner_id, octet_length(coalesce(system, '')) from public.bots
  union all
  select owner_id, case when kind = 'dossier_import' then octet_length(payload::text) else 0 end from public.job_steps
) stored (owner_id, bytes)
group by owner_id;

-- Counts the bytes of rows that a statement has added, changed or removed. Its argument is the expression for the
-- bytes of a row; octet_length of a text does not read the text. Security definer: rows also go by cascades of
-- other roles.
create function private.count_stored_bytes() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  execute format(
    'insert into public.stored_byte_changes (owner_id, bytes)
     select owner_id, sum(bytes) from (%s) changed (owner_id, bytes) group by owner_id having sum(bytes) <> 0',
    concat_ws(' union all ',
      case when tg_op <> 'DELETE' then format('select owner_id, %s from added', tg_argv[0]) end,
      case when tg_op <> 'INSERT' then format('select owner_id, -(%s) from removed', tg_argv[0]) end));
  return null;
end
$$;

-- Moves the bytes of an import's step to its new owner. Steps are updated often, so that this is not a
-- statement's trigger.
create function private.move_stored_step() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.stored_byte_changes (owner_id, bytes)
  values (old.owner_id, -octet_length(old.payload::text)), (new.owner_id, octet_length(new.payload::text));
  return null;
end
$$;

-- Takes the bytes of at most max_sessions deleted sessions away, although their rows stay for a while; returns
-- how many there were. The cleaner calls it, because it reads the sessions.
create function private.uncount_deleted_sessions(max_sessions integer) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted record;
  deleted_bytes bigint;
  done integer := 0;
begin
  for deleted in
    select session_id, owner_id from public.sessions
    where not is_active and uncounted_bytes is null
    order by session_id
    limit max_sessions
    for no key update skip locked
  loop
    deleted_bytes := (
      select coalesce(sum(octet_length(content) + octet_length(metadata::text)), 0)
      from public.messages where session_id = deleted.session_id and owner_id = deleted.owner_id)
      + (
      select coalesce(sum(octet_length(content)), 0)
      from public.message_revisions where session_id = deleted.session_id);
    update public.sessions set uncounted_bytes = deleted_bytes where session_id = deleted.session_id;
    insert into public.stored_byte_changes (owner_id, bytes) values (deleted.owner_id, -deleted_bytes);
    done := done + 1;
  end loop;
  return done;
end
$$;

-- Counts a session again that is restored.
create function private.count_restored_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.stored_byte_changes (owner_id, bytes) values (new.owner_id, new.uncounted_bytes);
  new.uncounted_bytes := null;
  return new;
end
$$;

-- The rows of a deleted session are counted when they go, or move to another owner: adds what was taken away
-- before.
create function private.recount_deleted_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.stored_byte_changes (owner_id, bytes) values (old.owner_id, old.uncounted_bytes);
  if tg_op = 'UPDATE' then
    insert into public.stored_byte_changes (owner_id, bytes) values (new.owner_id, -old.uncounted_bytes);
  end if;
  return null;
end
$$;

revoke all on function
  private.count_stored_bytes(),
  private.move_stored_step(),
  private.uncount_deleted_sessions(integer),
  private.count_restored_session(),
  private.recount_deleted_session()
from public, anon, authenticated, service_role;
grant execute on function private.uncount_deleted_sessions(integer) to service_role;

create trigger count_added_bytes after insert on public.messages
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content) + octet_length(metadata::text)');
create trigger count_changed_bytes after update on public.messages
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content) + octet_length(metadata::text)');
create trigger count_removed_bytes after delete on public.messages
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(content) + octet_length(metadata::text)');
create trigger count_added_bytes after insert on public.message_revisions
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content)');
create trigger count_changed_bytes after update on public.message_revisions
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content)');
create trigger count_removed_bytes after delete on public.message_revisions
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(content)');
create trigger count_added_bytes after insert on public.dossier_assertions
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(body::text)');
create trigger count_changed_bytes after update on public.dossier_assertions
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(body::text)');
create trigger count_removed_bytes after delete on public.dossier_assertions
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(body::text)');
create trigger count_added_bytes after insert on public.story_versions
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(content::text, ''''))');
create trigger count_changed_bytes after update on public.story_versions
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(content::text, ''''))');
create trigger count_removed_bytes after delete on public.story_versions
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(content::text, ''''))');
create trigger count_added_bytes after insert on public.projects
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(name) + octet_length(coalesce(instructions, ''''))');
create trigger count_changed_bytes after update on public.projects
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(name) + octet_length(coalesce(instructions, ''''))');
create trigger count_removed_bytes after delete on public.projects
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(name) + octet_length(coalesce(instructions, ''''))');
create trigger count_added_bytes after insert on public.characters
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, ''''))');
create trigger count_changed_bytes after update on public.characters
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, ''''))');
create trigger count_removed_bytes after delete on public.characters
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, ''''))');
create trigger count_added_bytes after insert on public.bots
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(system, ''''))');
create trigger count_changed_bytes after update on public.bots
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(system, ''''))');
create trigger count_removed_bytes after delete on public.bots
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(system, ''''))');
-- An import keeps its text, which never changes.
create trigger count_added_bytes after insert on public.job_steps
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'case when kind = ''dossier_import'' then octet_length(payload::text) else 0 end');
create trigger count_removed_bytes after delete on public.job_steps
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'case when kind = ''dossier_import'' then octet_length(payload::text) else 0 end');
create trigger move_stored_step after update on public.job_steps
  for each row when (old.owner_id <> new.owner_id and new.kind = 'dossier_import')
  execute function private.move_stored_step();
create trigger count_restored_session before update on public.sessions
  for each row when (new.is_active and old.uncounted_bytes is not null)
  execute function private.count_restored_session();
create trigger recount_moved_session after update on public.sessions
  for each row when (old.owner_id <> new.owner_id and old.uncounted_bytes > 0)
  execute function private.recount_deleted_session();
create trigger recount_deleted_session after delete on public.sessions
  for each row when (old.uncounted_bytes > 0)
  execute function private.recount_deleted_session();

-- Removes a deleted principal's rows, because stored_byte_changes has no foreign key.
create function private.delete_stored_byte_changes() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.stored_byte_changes where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_stored_byte_changes() from public, anon, authenticated, service_role;

-- Runs at the end of the transaction: triggers count the rows that cascades delete after all others.
create constraint trigger delete_stored_byte_changes after delete on public.principals
  deferrable initially deferred
  for each row execute function private.delete_stored_byte_changes();

-- Locks the principal's row of principal_plans, which makes decisions about their plan come one at a time. Call it
-- after all other locks.
create function private.hold_plan(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.principal_plans as known (owner_id) values (principal_id)
  on conflict on constraint principal_plans_pkey do nothing;
  perform from public.principal_plans known
  where known.owner_id = principal_id
  for no key update;
end
$$;

-- The bytes of text that the principal stores now. A session that is being erased may count less than it has.
create function private.stored_bytes(principal_id uuid) returns bigint
language sql stable set search_path = ''
return (
  select greatest(coalesce(sum(bytes), 0), 0)::bigint
  from public.stored_byte_changes where owner_id = principal_id);

-- Makes one row of the changes by other transactions. The plan is locked.
create function private.add_up_stored_bytes(principal_id uuid) returns void
language sql set search_path = '' as $$
  with earlier as (
    delete from public.stored_byte_changes
    where owner_id = principal_id and transaction_id <> pg_current_xact_id()
    returning bytes
  )
  insert into public.stored_byte_changes (owner_id, bytes, transaction_id)
  select principal_id, coalesce(sum(bytes), 0), '0'::xid8 from earlier;
$$;

-- Refuses with 429 plan_exceeded if this transaction, which has stored its rows, makes the principal store more
-- than their plan allows; the refusal undoes it. Call it after all other locks. A transaction that has
-- added less than least_added is not refused: with 1 a full plan still allows changes that add nothing.
create function private.check_stored_bytes(principal_id uuid, least_added bigint default 1) returns void
language plpgsql set search_path = '' as $$
declare
  -- So few that adding them up costs less than making one row of them.
  max_changes constant integer := 64;
  retry_after_s constant integer := 3600;
  taken jsonb;
  added bigint;
  changes bigint;
begin
  perform private.hold_plan(principal_id);
  select coalesce(sum(bytes) filter (where transaction_id = pg_current_xact_id()), 0), count(*)
  into added, changes
  from public.stored_byte_changes where owner_id = principal_id;
  if added >= least_added then
    taken := private.plan_usage(principal_id, private.month_of(clock_timestamp()));
    if (taken #>> '{stored,bytes}')::bigint > (taken #>> '{stored,limit_bytes}')::bigint then
      perform private.refuse_with(429, 'plan_exceeded', format(
          'Your plan %s has room for %s bytes of text, and with this you would store %s: delete conversations, '
          'projects or characters, send less, or ask for a larger plan.',
          taken ->> 'plan', taken #>> '{stored,limit_bytes}', taken #>> '{stored,bytes}'),
        taken - 'month', retry_after_s);
    end if;
  end if;
  if changes > max_changes then
    perform private.add_up_stored_bytes(principal_id);
  end if;
end
$$;

revoke all on function
  private.hold_plan(uuid),
  private.stored_bytes(uuid),
  private.add_up_stored_bytes(uuid),
  private.check_stored_bytes(uuid, bigint)
from public, anon, authenticated, service_role;
grant execute on function
  private.hold_plan(uuid),
  private.stored_bytes(uuid),
  private.add_up_stored_bytes(uuid),
  private.check_stored_bytes(uuid, bigint)
to service_role;

-- {plan, month, usage, reserved, limit, resets_at, stored}: the usage of the principal's plan in this month. usage,
-- reserved and limit are {calls, tokens, images}, stored is {bytes, limit_bytes} at this moment; a limit is null
-- if there is none.
create or replace function private.plan_usage(principal_id uuid, month date) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  plan constant public.plans := private.plan_of(principal_id);
begin
  return (
    select jsonb_build_object(
      'plan', plan.name,
      'month', to_char(plan_usage.month, 'YYYY-MM'),
      'usage', jsonb_build_object(
        'calls', coalesce(sum(share.used_calls), 0),
        'tokens', coalesce(sum(share.used_tokens), 0),
        'images', coalesce(sum(share.used_images), 0)),
      'reserved', jsonb_build_object(
        'calls', coalesce(sum(greatest(share.reserved_calls - share.used_calls, 0))
          filter (where share.settled_at is null), 0),
        'tokens', coalesce(sum(greatest(share.reserved_tokens - share.used_tokens, 0))
          filter (where share.settled_at is null), 0),
        'images', coalesce(sum(greatest(share.reserved_images - share.used_images, 0))
          filter (where share.settled_at is null), 0)),
      'limit', jsonb_build_object(
        'calls', plan.calls_a_month,
        'tokens', plan.tokens_a_month,
        'images', plan.images_a_month),
      'resets_at', private.end_of_month(plan_usage.month),
      'stored', jsonb_build_object(
        'bytes', private.stored_bytes(principal_id),
        'limit_bytes', plan.stored_bytes))
    from public.plan_shares share
    where share.owner_id = principal_id and share.month = plan_usage.month);
end
$$;

-- A plan as its operator sees it.
create or replace function private.plan_body(plan public.plans) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'name', plan.name,
  'calls_a_month', plan.calls_a_month,
  'tokens_a_month', plan.tokens_a_month,
  'images_a_month', plan.images_a_month,
  'stored_bytes', plan.stored_bytes,
  'is_default', plan.is_default);

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
  perform private.hold_plan(take_share.owner_id);
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
      taken - 'month',
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

-- Creates a plan or changes one, for everybody who has it: {plan_name, body: {calls_a_month, tokens_a_month,
-- images_a_month, stored_bytes?, is_default?}}. Without stored_bytes that stays as it is. With is_default true it
-- replaces the previous default.
create or replace function public.save_plan(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  plan_name constant text := request ->> 'plan_name';
  body constant jsonb := request -> 'body';
  becomes_default constant boolean := coalesce((body ->> 'is_default')::boolean, false);
  plan public.plans;
  is_new boolean;
begin
  if (plan_name ~ '^[a-z][a-z0-9_-]{0,31}$') is not true then
    perform private.refuse(422, 'invalid_request',
      'A plan''s name has 1 to 32 small letters, digits, _ and -, and begins with a letter.');
  end if;
  -- One change of plans at a time: two that each make another plan the default would meet in its index.
  lock table public.plans in share row exclusive mode;
  if body ->> 'is_default' = 'false'
    and exists (select from public.plans where name = plan_name and is_default)
  then
    perform private.refuse(422, 'invalid_request',
      'There must be a default plan: make another one the default instead.');
  end if;
  if becomes_default then
    update public.plans set is_default = false where is_default and name <> plan_name;
  end if;
  insert into public.plans (name) values (plan_name) on conflict do nothing;
  is_new := found;
  update public.plans
  set calls_a_month = (body ->> 'calls_a_month')::bigint,
      tokens_a_month = (body ->> 'tokens_a_month')::bigint,
      images_a_month = (body ->> 'images_a_month')::bigint,
      stored_bytes = case when body ? 'stored_bytes'
        then (body ->> 'stored_bytes')::bigint else stored_bytes end,
      is_default = is_default or becomes_default
  where name = plan_name
  returning * into plan;
  return private.answer(private.plan_body(plan), case when is_new then 201 else 200 end);
end
$$;

-- Moves a guest's usage to an account, and the guest's plan if the operator has assigned one to the guest and
-- none to the account.
create or replace function private.move_plan(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- Triggers have moved what the guest stores.
  delete from public.stored_byte_changes where owner_id = guest_id;
  update public.plan_shares set owner_id = account_id where owner_id = guest_id;
  insert into public.principal_plans as known (owner_id, plan)
  select account_id, plan from public.principal_plans
  where owner_id = guest_id and plan is not null
  on conflict (owner_id) do update set plan = coalesce(known.plan, excluded.plan);
  delete from public.principal_plans where owner_id = guest_id;
end
$$;

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
  -- After all other locks.
  perform private.check_stored_bytes(project.owner_id);
  if private.is_admission_asked(request) then
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
  perform private.check_stored_bytes(principal_id);
  perform private.take_share(
    principal_id, job.job_id, coalesce((request #>> '{share,calls}')::integer, 0),
    coalesce((request #>> '{share,tokens}')::bigint, 0), 0);
  perform private.check_tokens_of_day(principal_id, request);
  return private.begun_story('begun', job.job_id, project.project_id);
end
$$;

-- Writes a part: {principal, project_id, part, scene_id?, if_match, body}; the body of a premise is {text},
-- of an outline {scenes, chapter?}, of a scene {title?, description?, characters?, key_events?,
-- image_prompt?, narration?, text?}. Answers with the part.
create or replace function public.write_story_part(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  by_person constant jsonb := '{"made_by": "person"}';
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
  story public.stories;
  new_plan jsonb;
begin
  perform private.check_version(request ->> 'if_match', part.last_version::text);
  select * into story from public.stories where project_id = part.project_id;
  if part.kind = 'premise' then
    part := private.write_premise(story, btrim(body ->> 'text'), by_person);
  elsif part.kind = 'outline' then
    part := private.write_outline(
      story, (body ->> 'chapter')::integer, body -> 'scenes', by_person);
  else
    new_plan := private.scene_plan(part.plan || (body - 'text'));
    if new_plan <> private.scene_plan(part.plan) then
      part := private.add_story_version(part, 'plan', by_person || jsonb_build_object('content', new_plan));
      update public.story_parts
      set plan = new_plan, plan_version = last_version, is_plan_edited = true
      where part_id = part.part_id
      returning * into part;
    end if;
    if body ? 'text' then
      part := private.write_scene_text(part, body ->> 'text', by_person);
      update public.story_parts set draft = '', pieces = 0, retries = 0, findings = '[]'
      where part_id = part.part_id
      returning * into part;
    end if;
  end if;
  perform private.check_stored_bytes(part.owner_id);
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

-- Inserts a scene to be written: {principal, project_id, body: {after_scene_id?, chapter?, title,
-- description?, ...}}. after_scene_id null means the beginning; without it, the end of the chapter or the
-- story. 201 with the scene.
create or replace function public.insert_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_scenes constant integer := 1000;
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  story public.stories := private.open_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  chapter public.story_parts;
  place record;
  scene public.story_parts;
begin
  if coalesce(body ->> 'title', '') !~ '\S' and coalesce(body ->> 'description', '') !~ '\S' then
    perform private.refuse(422, 'invalid_request', 'A scene must have a title or a description.');
  end if;
  if story.scenes >= max_scenes then
    perform private.refuse(422, 'invalid_request', format('A story may have %s scenes.', max_scenes));
  end if;
  if body ? 'after_scene_id' then
    perform private.open_chapter(story, 1);
    select * into place from private.place_behind(
      story.project_id, private.read_id(body, 'after_scene_id'));
  else
    chapter := private.open_chapter(story, greatest(coalesce((
      case when jsonb_typeof(body -> 'chapter') = 'number' then (body ->> 'chapter')::numeric end)::integer,
      story.chapters), 1));
    select 1 + coalesce(max(earlier.number), 0) as number, chapter.part_id as chapter_id into place
    from public.story_parts known
    join public.story_parts earlier on earlier.chapter_id = known.part_id
    where known.project_id = story.project_id and known.kind = 'chapter'
      and known.number <= chapter.number and earlier.number is not null;
  end if;
  perform private.shift_story_parts(story.project_id, 'scene', place.number, 1);
  insert into public.story_parts (
    project_id, owner_id, kind, number, chapter_id, plan, is_plan_edited, created_at)
  values (
    story.project_id, story.owner_id, 'scene', place.number, place.chapter_id, private.scene_plan(body),
    true, clock_timestamp())
  returning * into scene;
  scene := private.add_story_version(scene, 'plan', jsonb_build_object(
    'made_by', 'person', 'content', scene.plan));
  update public.story_parts set plan_version = last_version where part_id = scene.part_id
  returning * into scene;
  perform private.check_stored_bytes(scene.owner_id);
  return private.answer(private.scene_body(scene, true), 201, scene.last_version::text);
end
$$;

-- Replaces the text of a reply: {principal, message_id, body: {content}, if_match}; the body is the
-- message. The old text is kept as a revision, and the record of what models were sent does not
-- change.
create or replace function public.edit_reply(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_content_bytes constant integer := 4194304;
  content_given jsonb := request -> 'body' -> 'content';
  new_content text := request -> 'body' ->> 'content';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  message public.messages;
  running public.generations;
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
  select * into running from public.generations
  where message_id = message.message_id and status = 'streaming';
  if found then
    perform private.refuse_while_running(running,
      'This reply is still being written: wait until it ends, or cancel it.');
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
    perform private.check_stored_bytes(message.owner_id);
  end if;

  select count(*) filter (where take.position <= message.position), count(*)
  into take_number, take_count
  from private.takes_of(message) take;
  return private.answer(
    private.message_body(message, take_number, take_count), etag => message.revision::text);
end
$$;

-- Adds to a dossier's log, and stores the snapshot that goes with it: {project_id, base, assertions:
-- [{assertion_id, kind, body, message_id | null}], snapshot | null, facts?, if_match?, principal | null},
-- where base is the position from which the snapshot was computed, before these assertions, and facts is
-- the dossier's text for prompts. Returns {head, added, folded_to, log_start, tail}.
--
-- New assertions are added in the given order, whatever base is, unless if_match names another version
-- than the head: then nothing is done (412). The snapshot is stored only if base was still the head.
-- Otherwise the tail is the log after base, including the caller's own entries: fold it and call again,
-- with the last one's position as the base, or the head when the tail is empty. A tail is limited
-- (private.read_log), so this may take several calls; an empty list of assertions reads the log. A base
-- before log_start means that the log was removed: a caller with entries of it must start again. A caller
-- whose answer was lost calls again: nothing is added twice.
create or replace function public.commit_assertions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  principal_id uuid;
  session_ids uuid[];
  -- A person may decide about facts although their plan is full.
  size_of_decisions constant integer := 4096;
  answer jsonb;
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  perform private.check_assertions(request -> 'assertions');
  session_ids := array(
    select distinct message.session_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    cross join lateral (
      select session_id from public.messages where message_id = sent.message_id limit 1
    ) message);
  -- Their paths stay as they are until it is stored whether what is found in them is shown.
  if cardinality(session_ids) > 0 then
    perform from public.sessions
    where session_id = any (session_ids) and project_id = wanted_id
      and owner_id = coalesce(principal_id, owner_id)
    order by session_id
    for no key update;
  end if;
  answer := private.add_assertions(wanted_id, request, principal_id);
  if principal_id is not null and (answer ->> 'added')::integer > 0 then
    perform private.check_stored_bytes(principal_id, size_of_decisions);
  end if;
  return answer;
end
$$;

-- Creates a character of the principal's: {principal, body: the columns that callers write}, of which only
-- the name is required, and `card` if it was imported.
create or replace function public.save_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  companion public.characters;
begin
  companion.character_id := gen_random_uuid();
  companion.owner_id := principal_id;
  companion.name := '';
  companion.persona := '';
  companion.personality := '';
  companion.scenario := '';
  companion.example_dialogue := '';
  companion.system_prompt := '';
  companion.closing_instructions := '';
  companion.greeting := '';
  companion.alternative_greetings := '{}';
  companion.visibility := 'private';
  companion.created_at := clock_timestamp();
  companion.updated_at := companion.created_at;
  companion := private.change_character(companion, coalesce(request -> 'body', '{}'));
  perform private.check_character(companion);
  insert into public.characters values (companion.*);
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_character(companion), 201, private.version_of(companion.updated_at));
end
$$;

-- Changes the members in body: {principal, companion_id, if_match, body: as save_character's}.
create or replace function public.update_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion public.characters := private.open_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  perform private.check_version(
    request ->> 'if_match', private.version_of(companion.updated_at));
  companion := private.change_character(companion, coalesce(request -> 'body', '{}'));
  perform private.check_character(companion);
  update public.characters
  set name = companion.name, persona = companion.persona, personality = companion.personality,
      scenario = companion.scenario, example_dialogue = companion.example_dialogue,
      system_prompt = companion.system_prompt,
      closing_instructions = companion.closing_instructions, greeting = companion.greeting,
      alternative_greetings = companion.alternative_greetings, model = companion.model,
      voice = companion.voice, avatar = companion.avatar, visibility = companion.visibility
  where character_id = companion.character_id
  returning * into companion;
  perform private.check_stored_bytes(companion.owner_id);
  return private.answer(
    private.describe_character(companion), etag => private.version_of(companion.updated_at));
end
$$;

-- Creates a project with its empty dossier: {principal, body: {name, is_favourite, phase, status,
-- instructions}}, of which only the name is required.
create or replace function public.create_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := '{"name": null}' || coalesce(request -> 'body', '{}');
  principal_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.check_project(body);
  insert into public.projects (owner_id, name, is_favourite, phase, status, instructions)
  values (
    principal_id, btrim(body ->> 'name'), coalesce((body ->> 'is_favourite')::boolean, false),
    coalesce(body ->> 'phase', 'setup'), coalesce(body ->> 'status', 'active'),
    body ->> 'instructions')
  returning * into project;
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_project(project), 201, private.version_of(project.updated_at));
end
$$;

-- Changes the members in body: {principal, project_id, if_match, body: {name, is_favourite, phase,
-- status, instructions}}. Null removes the instructions.
create or replace function public.update_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(request -> 'body', '{}');
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.check_project(body);
  update public.projects
  set name = coalesce(btrim(body ->> 'name'), name),
      is_favourite = coalesce((body ->> 'is_favourite')::boolean, is_favourite),
      phase = coalesce(body ->> 'phase', phase),
      status = coalesce(body ->> 'status', status),
      instructions = case when body ? 'instructions' then body ->> 'instructions' else instructions end
  where project_id = project.project_id
  returning * into project;
  perform private.check_stored_bytes(project.owner_id);
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

-- Creates a bot of the principal's: {principal, body: {name, provider, model, system, access_path,
-- access_key, is_public}}, of which only the model is required. Without a name it has the model's
-- name.
create or replace function public.save_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := '{"model": null}' || coalesce(request -> 'body', '{}');
  bot public.bots;
begin
  perform private.check_bot(body);
  insert into public.bots (bot_id, owner_id, name, provider, model, system, access_path, is_public)
  overriding system value
  values (
    coalesce(private.read_bot_id(request), nextval('public.bots_bot_id_seq')), principal_id, coalesce(btrim(body ->> 'name'), left(btrim(body ->> 'model'), 200)),
    btrim(body ->> 'provider'), btrim(body ->> 'model'), btrim(body ->> 'system'),
    btrim(body ->> 'access_path'), coalesce((body ->> 'is_public')::boolean, false))
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, request);
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_bot(bot, principal_id), 201, private.version_of(bot.updated_at));
end
$$;

-- Changes the members in body: {principal, bot_id, if_match, body: as save_bot's}. Absent members
-- stay unchanged; null removes provider, system, access_path and access_key.
create or replace function public.update_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := coalesce(request -> 'body', '{}');
  bot public.bots := private.open_bot(
    principal_id, private.read_bot_id(request), (request ->> 'hides_public_bots')::boolean);
begin
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  perform private.check_bot(body);
  update public.bots
  set name = coalesce(btrim(body ->> 'name'), name),
      provider = case when body ? 'provider' then btrim(body ->> 'provider') else provider end,
      model = coalesce(btrim(body ->> 'model'), model),
      system = case when body ? 'system' then btrim(body ->> 'system') else system end,
      access_path = case
        when body ? 'access_path' then btrim(body ->> 'access_path') else access_path
      end,
      is_public = coalesce((body ->> 'is_public')::boolean, is_public)
  where bot_id = bot.bot_id
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, request);
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

-- How long rows are kept in each table that does not go with its owner: each has a part of the cleaner, or
-- does not grow. tests/database/cleaning.test.ts compares it with the catalogue. `part` is null for tables
-- that do not grow, or that others empty.
create or replace function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', 'retention_periods: 7 days, the longest life of a token, and until everything is erased'),
    ('model_calls', 'model_calls', 'retention_periods: 400 days; nobody''s when the account is deleted'),
    ('idempotency_keys', 'idempotency_keys', 'retention_periods: 1 day, and no longer than the account'),
    ('plan_shares', 'plan_shares', 'retention_periods: 400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', 'retention_periods: 1 day'),
    ('stored_byte_changes', null, 'about 64 rows for each owner; goes with the owner'),
    ('admission_counters', 'full_counters', 'until the whole allowance is there again'),
    ('deployment_usage', 'deployment_usage', 'retention_periods: 400 days'),
    ('job_queues', null, 'one row for each owner and kind of open work; goes with the owner'),
    ('deleted_snapshots', null, 'until the tasks have deleted the file'),
    ('deleted_illustrations', null, 'until the tasks have deleted the file'),
    ('turn_ends', null, 'until they are counted, an hour at most'),
    ('model_call_changes', null, 'until they are counted, an hour at most'),
    ('turn_totals', null, 'at most 200 models'),
    ('duration_totals', null, 'a row for each kind and bucket'),
    ('model_call_totals', null, 'at most 200 models'),
    ('metrics_cache', null, 'one row'),
    ('cleaning_state', null, 'one row'),
    ('retention_periods', null, 'a row for each part of the cleaner that has a period'),
    ('plans', null, 'the operator''s')
  ) as kept (table_name, part, rule);
end;

-- Cleans one part, and returns the number of its rows; 0: nothing is due.
create or replace function private.clean_part(part text, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  kept_from constant timestamptz := clock_timestamp() - private.retention_of(part);
  -- Each may have many messages.
  max_sessions_to_count constant integer := 20;
  cleaned integer;
begin
  case part
    when 'deleted_sessions' then
      cleaned := private.erase_deleted_sessions(kept_from, row_limit);
    when 'deleted_session_bytes' then
      cleaned := private.uncount_deleted_sessions(max_sessions_to_count);
    when 'erasures' then
      cleaned := private.erase_next(row_limit)::integer;
    when 'removed_users' then
      cleaned := private.mark_removed_users(row_limit);
    when 'expired_guests' then
      -- Each may have as many rows as one batch.
      cleaned := (public.delete_expired_guests(jsonb_build_object(
        'limit', greatest(row_limit / 100, 1))) ->> 'deleted')::integer;
    when 'finished_jobs' then
      cleaned := (public.delete_finished_jobs(jsonb_build_object('limit', row_limit))
        ->> 'deleted')::integer;
    when 'model_calls' then
      cleaned := (public.delete_old_model_calls(jsonb_build_object('limit', row_limit))
        ->> 'deleted')::integer;
    when 'plan_shares' then
      delete from public.plan_shares
      where ctid = any (array(
        select ctid from public.plan_shares
        where month < kept_from and settled_at is not null
        order by month
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
    when 'full_counters' then
      cleaned := private.delete_full_counters(row_limit);
    when 'deployment_usage' then
      delete from public.deployment_usage where day < kept_from;
      get diagnostics cleaned = row_count;
    when 'withdrawn_calls' then
      delete from public.withdrawn_calls
      where ctid = any (array(
        select ctid from public.withdrawn_calls
        where created_at < kept_from
        limit row_limit));
      get diagnostics cleaned = row_count;
    when 'idempotency_keys' then
      delete from public.idempotency_keys
      where ctid = any (array(
        select ctid from public.idempotency_keys
        where created_at < kept_from
        order by created_at
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
  end case;
  return cleaned;
end
$$;

-- Cleans one batch of one part: {rows?, at most 10,000, and deleted_days?: how long deleted sessions are
-- kept}. Returns {left, part?, rows?}; with `left` another call is due. Each call has one part, because parts
-- lock rows in different orders, and begins with any part, so that none waits for all others.
create or replace function private.clean(limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_rows constant integer := 1000;
  max_rows constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((limits ->> 'rows')::integer, default_rows), 1), max_rows);
  parts constant text[] := array['deleted_sessions', 'deleted_session_bytes', 'erasures', 'removed_users',
    'expired_guests', 'finished_jobs', 'model_calls', 'plan_shares', 'withdrawn_calls', 'full_counters',
    'deployment_usage', 'idempotency_keys'];
  wanted_part text;
  cleaned integer;
begin
  if limits ->> 'deleted_days' is not null then
    perform private.keep_deleted_sessions((limits ->> 'deleted_days')::numeric);
  end if;
  for wanted_part in select name from unnest(parts) as named (name) order by random() loop
    begin
      cleaned := private.clean_part(wanted_part, row_limit);
    exception when lock_not_available then
      -- Somebody works on these rows: their turn comes in a later call.
      cleaned := 0;
    end;
    if cleaned > 0 then
      return jsonb_build_object('left', true, 'part', wanted_part, 'rows', cleaned);
    end if;
  end loop;
  return '{"left": false}';
end
$$;

