-- Every call to a model is a row of one ledger, from which usage and metrics are read; and all durable work is
-- jobs made of steps: summaries, extraction and imports, whose own tables go.

-- Durable work: a job is the whole, a step is a unit whose result is kept and never made again. What a job
-- does is its kind's; nothing here knows a kind by name (has_job_hook.sql).
--
-- Locks are taken in the order session or project, job, step, queue.

create table public.jobs (
  job_id uuid primary key default gen_random_uuid(),
  kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,47}$'),
  owner_id uuid not null,
  -- What it is for, and goes with: a conversation or a project.
  session_id uuid,
  project_id uuid,
  subject_id uuid not null generated always as (coalesce(session_id, project_id)) stored,
  -- Of one subject, kind and key one job is open at a time: who starts another is merged with it.
  merge_key text check (char_length(merge_key) between 1 and 128),
  -- Its steps are done one after another, and one that cannot be done ends it. Otherwise they are done
  -- in any order, and the job goes on without it.
  is_serial boolean not null,
  -- Queued until a step of it is claimed for the first time.
  status text not null default 'queued'
    check (status in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  -- What the kind needs for all of its steps.
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  progress integer not null default 0 check (progress between 0 and 100),
  -- What is being done, in words for whoever waits.
  message text check (char_length(message) <= 500),
  error text check (char_length(error) <= 1000),
  -- How long it stays after its end; null: as long as what it is for.
  kept_for interval,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (job_id, owner_id),
  constraint jobs_have_one_subject check (num_nonnulls(session_id, project_id) = 1),
  constraint jobs_finish_once
    check ((status in ('done', 'failed', 'cancelled')) = (finished_at is not null)),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

comment on table public.jobs is 'Work for the functions. Not readable over REST.';

create unique index job_open on public.jobs (subject_id, kind, merge_key)
  where status in ('queued', 'running', 'paused') and merge_key is not null;
-- A session's jobs and a project's, which go with it.
create index jobs_of_session on public.jobs (session_id, kind, created_at);
create index jobs_of_project on public.jobs (project_id, kind, created_at);
-- An owner's open jobs, which are counted.
create index jobs_open_of_owner on public.jobs (owner_id)
  where status in ('queued', 'running', 'paused');
create index jobs_finished on public.jobs (finished_at) where finished_at is not null;

alter table public.jobs enable row level security;

create table public.job_steps (
  job_id uuid not null,
  -- From 1 on.
  step integer not null check (step between 1 and 100000),
  owner_id uuid not null,
  kind text not null,
  -- Waiting: for the step before it, or until its job is resumed. Dropped: its job has ended without it.
  status text not null default 'queued'
    check (status in ('waiting', 'queued', 'running', 'done', 'failed', 'dropped')),
  -- How often it was claimed.
  attempts integer not null default 0 check (attempts >= 0),
  -- Who works on it, or did last, and until when nobody else does.
  lease_token uuid,
  leased_until timestamptz,
  -- Nobody claims it before; while somebody works on it, the end of the lease.
  run_after timestamptz not null default now(),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  result jsonb,
  -- The text that it makes, saved while it grows (append_chunk), so that it is watched and resumed as a
  -- turn's reply is.
  generation_id uuid references public.generations (generation_id) on delete set null,
  error text check (char_length(error) <= 1000),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (job_id, step),
  constraint job_steps_finish_once
    check ((status in ('done', 'failed', 'dropped')) = (finished_at is not null)),
  constraint job_steps_run_with_a_lease
    check (status <> 'running' or (lease_token is not null and leased_until is not null)),
  foreign key (job_id, owner_id)
    references public.jobs (job_id, owner_id) on delete cascade on update cascade
);

comment on table public.job_steps is 'Units of work for the functions. Not readable over REST.';

-- What an owner has to do of a kind, the longest waiting first.
create index job_steps_due_of_owner on public.job_steps (owner_id, kind, run_after, job_id, step)
  where status in ('queued', 'running');
-- Whether anything is due at all.
create index job_steps_due on public.job_steps (run_after) where status in ('queued', 'running');
create index job_steps_of_generation on public.job_steps (generation_id);

alter table public.job_steps enable row level security;

-- Whose turn it is: an owner's place in the line of a kind. A row is a hint, which claim_step mends:
-- no step of them is due before next_due_at, and one may not be due then.
create table public.job_queues (
  -- Without a foreign key: checking one would lock the principal while a turn ends, after its
  -- session, which others lock the other way round. A trigger removes a principal's rows
  -- (delete_job_queues.sql).
  owner_id uuid not null,
  kind text not null,
  -- When a step of theirs was last given to a worker, of any kind; before the first, when they came.
  served_at timestamptz not null,
  next_due_at timestamptz not null,
  primary key (owner_id, kind)
);

comment on table public.job_queues is 'Owners whose work waits. Not readable over REST.';

-- Who has waited longest, of a kind.
create index job_queues_by_turn on public.job_queues (kind, served_at, next_due_at);

alter table public.job_queues enable row level security;

-- The ledger: every call to a provider is a row, whatever it was for and however it ended. Usage, plans
-- and metrics are read from it.

create table public.model_calls (
  model_call_id uuid primary key default gen_random_uuid(),
  -- Without a foreign key: checking one would lock the principal while a turn ends, after its
  -- session, which others lock the other way round. A trigger removes a principal's rows
  -- (delete_model_calls.sql).
  owner_id uuid not null,
  -- What made the call, an attempt at a turn or at a step of a job: the generation's id or the lease's
  -- token, with the place of the call in it. So a call that is told twice is one row.
  source_id uuid not null,
  place integer not null check (place >= 1),
  -- A row outlives what it was for: deleting a conversation gives nobody new calls.
  generation_id uuid references public.generations (generation_id) on delete set null,
  job_id uuid references public.jobs (job_id) on delete set null,
  step integer,
  -- Of the project that it was for, which may be gone.
  project_id uuid,
  -- Of a turn its session's kind, of a job's step the job's.
  kind text not null check (char_length(kind) between 1 and 64),
  -- Which round of a turn with tools, from 1 on.
  round integer not null default 1 check (round >= 1),
  -- Null where the worker died before it told.
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  -- As the provider counts them; null where it has told none. Whether cached tokens are part of
  -- the input and reasoning of the output is the provider's affair: they are with OpenAI; Anthropic's input
  -- is without what was cached, Gemini's output without the reasoning.
  input_tokens integer check (input_tokens >= 0),
  cached_tokens integer check (cached_tokens >= 0),
  cache_write_tokens integer check (cache_write_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  reasoning_tokens integer check (reasoning_tokens >= 0),
  -- The provider has told no usage: output_tokens follows from the text's length.
  is_estimated boolean not null,
  -- What the provider says that it costs, in dollars of the United States; null where it does not say.
  cost_usd numeric(18, 9) check (cost_usd >= 0),
  -- Interrupted: who made the call has died, or had to stop.
  status text not null
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  error_code text check (char_length(error_code) <= 64),
  started_at timestamptz,
  first_token_ms integer check (first_token_ms >= 0),
  latency_ms integer check (latency_ms >= 0),
  created_at timestamptz not null default now(),
  unique (source_id, place)
);

-- A principal's tokens since a time, from the index alone.
create index model_calls_of_owner on public.model_calls (owner_id, created_at)
  include (input_tokens, output_tokens, kind);
create index model_calls_of_generation on public.model_calls (generation_id);
create index model_calls_of_job on public.model_calls (job_id);
-- What is old goes.
create index model_calls_by_age on public.model_calls (created_at);

alter table public.model_calls enable row level security;
create policy own_model_calls_are_readable on public.model_calls for select to authenticated
  using (owner_id = (select private.current_principal()));

-- What the ledger has come to, for the deployment's numbers: changes of it are rows until somebody asks, as
-- ends of turns are (public.turn_ends), so that totals never go down when people delete what they have.

create table public.model_call_changes (
  model_call_change_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  -- Of a call that is told better afterwards the difference.
  calls integer not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null
);

create table public.model_call_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  calls bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null,
  primary key (kind, provider, model, status)
);

alter table public.model_call_changes enable row level security;
alter table public.model_call_totals enable row level security;
comment on table public.model_call_changes is
  'Calls that no total has yet. Nobody''s, and not readable over REST.';

-- What is of rows that go, and what returns something else now.
drop trigger record_usage on public.generations;
drop function private.record_usage();
drop trigger delete_usage on public.principals;
drop function private.delete_usage();
drop function public.read_import(jsonb);
drop function private.own_import(jsonb, boolean);
drop function private.import_body(public.dossier_imports);

-- Gives everything of the guest to the account; counts it as {projects, sessions, messages,
-- dossiers}. The caller has locked both principals.
create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

-- Ends a turn. {generation_id, status, from_offset, text, finish_reason, error_code,
-- usage: {input_tokens, output_tokens} | null, first_token_ms, latency_ms, provider, model, attempts?,
-- extract?, dossier_facts?}, where attempts are the calls that were made for it (private.write_model_calls),
-- `extract` true says that the turn is worth reading for the dossier, question and reply, and
-- dossier_facts are the ids of the facts that the model was sent. Returns {message_id, status,
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

-- Stores the end of a streaming generation: its text becomes the assistant's message, its chunks go. The
-- caller has locked the session and the generation. `outcome` is what finish_turn takes. A run that has
-- added nothing stores nothing, and gives back the path that it took away.
create or replace function private.store_reply(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  has_said_something boolean;
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
      'continued_from', generation.continued_from_id)),
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id;

  -- The path may have moved while the model wrote: then this is one more take beside it.
  update public.sessions
  set message_count = message_count + 1,
      last_message_at = ended_at,
      active_leaf_id = case
        when active_leaf_id = question.message_id then generation.message_id
        else active_leaf_id
      end
  where session_id = generation.session_id;
end
$$;

-- A number as a column takes it: what is none is null, what is out of its range its end.
create function private.count_of(number jsonb) returns integer
language sql immutable parallel safe
return case when pg_catalog.jsonb_typeof(number) = 'number'
  then least(greatest(number::numeric, 0), 2147483647)::integer end;

revoke all on function private.count_of(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.count_of(jsonb) to service_role;

-- What a principal has used goes with it: the ledger has no foreign key.
create function private.delete_model_calls() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.model_calls where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_model_calls() from public, anon, authenticated, service_role;

-- After the cascades, which have waited for turns that were ending.
create trigger delete_model_calls after delete on public.principals
  for each row execute function private.delete_model_calls();

-- Deletes rows of the ledger that are too old: {limit?}; returns {deleted}. Background work calls it, for
-- nobody, until nothing is left.
create function public.delete_old_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  lifetime constant interval := '400 days';
  default_limit constant integer := 10000;
  max_limit constant integer := 100000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  delete from public.model_calls
  where model_call_id in (
    select model_call_id from public.model_calls
    where created_at < clock_timestamp() - lifetime
    order by created_at
    limit row_limit);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_old_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_old_model_calls(jsonb) to service_role;

-- Every day, where the database has a clock of its own. The development server has a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-delete-old-model-calls', '17 4 * * *',
      $job$select public.delete_old_model_calls('{"limit": 100000}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'old rows of the ledger are not deleted by pg_cron: %', sqlerrm;
end
$$;

-- Of a worker whose lease has ended without a word nobody knows what it has asked: one call, until it tells.
create function private.record_lost_call(job public.jobs, step public.job_steps) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.record_step_calls(job, step, '[{"status": "interrupted"}]');
end
$$;

revoke all on function private.record_lost_call(public.jobs, public.job_steps)
from public, anon, authenticated, service_role;
grant execute on function private.record_lost_call(public.jobs, public.job_steps) to service_role;

-- Writes down calls whose step has gone to somebody else, or is gone: {job_id, step, kind, user_id, project_id?,
-- lease_token, calls}, as claim_step has told them. Returns {}.
create function public.record_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  common public.model_calls;
begin
  common.source_id := private.read_id(request, 'lease_token');
  common.kind := request ->> 'kind';
  common.step := (request ->> 'step')::integer;
  select job_id, owner_id into common.job_id, common.owner_id
  from public.jobs where job_id = private.read_id(request, 'job_id')
  for key share;
  -- Whose it was, if they are still there: an account that was deleted keeps no ledger.
  if not found then
    select id into common.owner_id from public.principals
    where id = private.read_id(request, 'user_id')
    for key share;
  end if;
  if common.owner_id is not null and common.source_id is not null then
    common.project_id := private.read_id(request, 'project_id');
    perform private.write_model_calls(common, request -> 'calls');
  end if;
  return '{}';
end
$$;

revoke all on function public.record_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_model_calls(jsonb) to service_role;

-- Writes down the calls of an attempt at a step.
create function private.record_step_calls(
  job public.jobs, step public.job_steps, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  common public.model_calls;
begin
  common.owner_id := job.owner_id;
  common.source_id := step.lease_token;
  common.job_id := job.job_id;
  common.step := step.step;
  common.kind := job.kind;
  common.project_id := coalesce(job.project_id, (
    select project_id from public.sessions where session_id = job.session_id));
  perform private.write_model_calls(common, calls);
end
$$;

revoke all on function private.record_step_calls(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.record_step_calls(public.jobs, public.job_steps, jsonb)
to service_role;

-- Writes down the calls of a turn that has ended: `attempts` of finish_turn, or where it tells none what the
-- generation's row says, as when its writer has died: the row is the call until then. Of a call that
-- was ended before the provider told its usage, the output is estimated by the text.
create function private.record_turn_calls(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  attempts jsonb := outcome -> 'attempts';
  made_tokens constant integer := private.estimate_tokens(
    repeat('.', greatest(generation.saved_bytes - generation.base_bytes, 0)));
  common public.model_calls;
  last integer;
begin
  select generation.owner_id, generation.generation_id, generation.generation_id, session.kind,
    session.project_id, generation.finished_at
  into common.owner_id, common.source_id, common.generation_id, common.kind, common.project_id,
    common.created_at
  from public.sessions session
  where session.session_id = generation.session_id;
  if jsonb_typeof(attempts) is distinct from 'array' then
    attempts := jsonb_build_array(jsonb_build_object(
      'provider', generation.provider, 'model', generation.model, 'status', generation.status,
      'input_tokens', generation.input_tokens, 'output_tokens', generation.output_tokens,
      'error_code', generation.error_code,
      'started_at', floor(extract(epoch from generation.started_at) * 1000),
      'first_token_ms', generation.first_token_ms, 'latency_ms', generation.latency_ms));
  end if;
  last := jsonb_array_length(attempts) - 1;
  if last >= 0 and jsonb_typeof(attempts -> last) = 'object' then
    attempts := jsonb_set(attempts, array[last::text, 'estimated_output_tokens'],
      to_jsonb(made_tokens));
  end if;
  perform private.write_model_calls(common, attempts);
end
$$;

revoke all on function private.record_turn_calls(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.record_turn_calls(public.generations, jsonb) to service_role;

-- Writes down calls: an array of {provider, model, status, started_at?, latency_ms?, first_token_ms?, input_tokens?,
-- cached_tokens?, cache_write_tokens?, output_tokens?, reasoning_tokens?, cost_usd?, error_code?, round?},
-- started_at in milliseconds since the epoch, in the order in which they were made. `common` has owner_id,
-- source_id, generation_id, job_id, step, project_id and kind. What was written down before is told better now.
-- Odd calls are no fault of who is served: they are written down as far as they can be.
create function private.write_model_calls(common public.model_calls, calls jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_calls constant integer := 100;
  recorded_at constant timestamptz := coalesce(common.created_at, clock_timestamp());
begin
  if jsonb_typeof(calls) is distinct from 'array' then
    return;
  end if;
  insert into public.model_calls as known (
    owner_id, source_id, place, generation_id, job_id, step, project_id, kind, round, provider, model,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, is_estimated,
    cost_usd, status, error_code, started_at, first_token_ms, latency_ms, created_at)
  select common.owner_id, common.source_id, made.place, common.generation_id, common.job_id,
    common.step, common.project_id, common.kind, greatest(private.count_of(made.call -> 'round'), 1),
    left(made.call ->> 'provider', 64), left(made.call ->> 'model', 256),
    private.count_of(made.call -> 'input_tokens'), private.count_of(made.call -> 'cached_tokens'),
    private.count_of(made.call -> 'cache_write_tokens'),
    coalesce(private.count_of(made.call -> 'output_tokens'),
      private.count_of(made.call -> 'estimated_output_tokens'), 0),
    private.count_of(made.call -> 'reasoning_tokens'),
    private.count_of(made.call -> 'output_tokens') is null,
    case when jsonb_typeof(made.call -> 'cost_usd') = 'number'
      then least(greatest((made.call -> 'cost_usd')::numeric, 0), 999999999) end,
    case when made.call ->> 'status' in
        ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')
      then made.call ->> 'status' else 'failed' end,
    left(nullif(made.call ->> 'error_code', ''), 64),
    to_timestamp(case when jsonb_typeof(made.call -> 'started_at') = 'number'
      then least(greatest((made.call -> 'started_at')::numeric, 0), 4102444800000) / 1000 end),
    private.count_of(made.call -> 'first_token_ms'), private.count_of(made.call -> 'latency_ms'),
    recorded_at
  from jsonb_array_elements(calls) with ordinality as made (call, place)
  where made.place <= max_calls and jsonb_typeof(made.call) = 'object'
  on conflict (source_id, place) do update
  set provider = excluded.provider, model = excluded.model, round = excluded.round,
      input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens,
      cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens,
      reasoning_tokens = excluded.reasoning_tokens, is_estimated = excluded.is_estimated,
      cost_usd = excluded.cost_usd, status = excluded.status, error_code = excluded.error_code,
      started_at = excluded.started_at, first_token_ms = excluded.first_token_ms,
      latency_ms = excluded.latency_ms;
end
$$;

revoke all on function private.write_model_calls(public.model_calls, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_model_calls(public.model_calls, jsonb) to service_role;

-- A text that was edited is in no summary that was made before, nor in one that is being made. Those
-- of other takes are of later positions too, and are made again in vain. For the dossier it is read again
-- from where it differs, if it was to be read at all; what was found in the old one stays. The session is
-- locked.
create or replace function private.outdate_summaries() returns trigger
language plpgsql set search_path = '' as $$
declare
  kept_bytes integer;
begin
  update public.session_summaries
  set is_stale = true
  where session_id = new.session_id and until_position >= new.position and not is_stale;
  -- Work that has begun begins anew, and its worker finds the lease gone. Queued work is held too: who
  -- is claiming it has read the old text perhaps, and what that makes of the row is seen after waiting.
  update public.job_steps work
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = work.attempts - (work.status = 'running')::integer,
      lease_token = case work.status when 'queued' then work.lease_token end,
      leased_until = case work.status when 'queued' then work.leased_until end,
      run_after = case work.status when 'queued' then work.run_after else clock_timestamp() end
  from public.jobs job
  where job.session_id = new.session_id and work.job_id = job.job_id
    and work.status in ('queued', 'running')
    and (job.kind = 'session_summary'
      or job.kind = 'dossier_extraction' and (work.status = 'queued'
        or work.payload -> 'spans' @> jsonb_build_array(
          jsonb_build_object('message_id', new.message_id))));

  perform from public.message_extractions
  where session_id = new.session_id and message_id = new.message_id;
  if found then
    kept_bytes := octet_length(left(new.content, private.common_prefix(old.content, new.content)));
    update public.message_extractions
    set read_bytes = least(read_bytes, kept_bytes),
        is_done = least(read_bytes, kept_bytes) = octet_length(new.content),
        failures = 0
    where session_id = new.session_id and message_id = new.message_id;
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

-- A turn that was not sent all of its conversation leaves work behind if no summary covers what was
-- left out. The session is locked.
create or replace function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
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
    select from public.jobs
    where session_id = new.session_id and kind = 'session_summary' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return null;
  end if;
  -- Half of what still fitted is taken along, in whole turns: so the next ones leave nothing out that
  -- is not covered, and a model is not asked after each of them.
  until_depth := new.sent_from_depth - 1 + (question.depth - new.sent_from_depth) / 4 * 2;
  perform private.add_job(jsonb_build_object(
    'kind', 'session_summary', 'owner_id', new.owner_id, 'session_id', new.session_id,
    'merge_key', 'session', 'merge', 'open', 'payload', jsonb_build_object(
      'until_message_id', private.message_on_path(question.parent_id, until_depth))));
  return null;
end
$$;

-- Stores a summary that was made (jobs/has_job_hook.sql): the result is {summary} and whatever else is worth
-- keeping. There is more to do while what was summarised does not reach as far as it should.
create function private.session_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  next_id constant uuid := (step.payload ->> 'next_message_id')::uuid;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select job.session_id, message.message_id, job.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;
  return jsonb_build_object(
    'result', outcome - 'summary',
    'has_more', next_id::text <> job.payload ->> 'until_message_id');
end
$$;

revoke all on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- What a worker needs to summarise a session a part further: {previous_summary | null, messages:
-- [{role, content}], until_message_id}; null when there is nothing to do any more. Bounded in
-- messages and bytes: what is left is another part.
create function private.session_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  -- Of one message: a pasted chapter is summarised by its beginning.
  max_message_characters constant integer := 4000;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (job.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  work jsonb;
begin
  select * into goal from public.messages where message_id = wanted_id;
  -- The conversation may have been deleted, or go another way now.
  if not exists (
    select from public.sessions session
    where session.session_id = job.session_id and session.is_active
      and private.message_on_path(session.active_leaf_id, goal.depth) = wanted_id)
  then
    return null;
  end if;
  covered := private.summary_on_path(job.session_id, wanted_id, no_limit);
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
      where session_id = job.session_id and owner_id = job.owner_id
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
  -- What the step is about, for who stores it.
  update public.job_steps
  set payload = payload || jsonb_build_object('next_message_id', work -> 'until_message_id')
  where job_id = step.job_id and job_steps.step = session_summary_work.step.step;
  return work;
end
$$;

revoke all on function private.session_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_work(public.jobs, public.job_steps, jsonb) to service_role;

-- Removes what is known of a story, and where it was known from: {principal, project_id, if_match}. The
-- project stays, with its conversations, and with an empty dossier of a later version. Nothing that was
-- said until now is read for it any more, and what was passed over is not read later either.
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
  perform from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  select head into log_head from public.dossiers
  where project_id = project.project_id
  for no key update;
  perform private.check_version(request ->> 'if_match', log_head::text);
  perform private.drop_job(job_id) from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused');
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

-- Whether something that was said in the session is still to be read for the dossier.
create or replace function private.is_dossier_pending(wanted_session_id uuid) returns boolean
language sql stable set search_path = ''
return exists (
  select from public.jobs
  where session_id = wanted_session_id and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused'));

-- A job that is given up is one failure of each message that it was about (jobs/has_job_hook.sql); what has
-- failed often enough does not keep the others from being read. Where the log was only to be folded there
-- are no spans.
create function private.dossier_extraction_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.message_extractions waiting
  set failures = failures + 1, is_done = failures + 1 >= max_failures
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (message_id uuid)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and not waiting.is_done;
  return null;
end
$$;

revoke all on function private.dossier_extraction_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_fail(public.jobs, public.job_steps, jsonb)
to service_role;

-- Stores what was found in the claimed parts (jobs/has_job_hook.sql): the result is {base, assertions, snapshot,
-- facts}, as commit_assertions takes them, and whatever else is worth keeping. The answer is `dossier`, what
-- commit_assertions returns: when its tail is not null, fold it and call that. There is more to do while
-- anything is left to read. Where the log was only to be folded there are no spans.
create function private.dossier_extraction_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- What comes later in a text is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
  outcome constant jsonb := made -> 'result';
  project_of_session uuid;
  dossier jsonb;
begin
  select project_id into project_of_session
  from public.sessions where session_id = job.session_id;
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(project_of_session, outcome)));
  end if;
  dossier := private.add_assertions(project_of_session, outcome, null);
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(content) from public.messages where message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return jsonb_build_object(
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts'],
    'answer', jsonb_build_object('dossier', dossier),
    'has_more', exists (select from private.unread_on_path(job.session_id)));
end
$$;

revoke all on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- What a worker needs to read a part of a conversation (private.extraction_work), which is kept with the step
-- for who stores what was found in it.
create function private.dossier_extraction_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  work constant jsonb := private.extraction_work(job.session_id);
begin
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('spans', (
    select jsonb_agg(message.value - array['role', 'text', 'created_at'])
    from jsonb_array_elements(work -> 'messages') message))
  where claimed.job_id = step.job_id and claimed.step = dossier_extraction_work.step.step;
  return work;
end
$$;

revoke all on function private.dossier_extraction_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- How a dossier stands for a worker whose findings are stored already: what commit_assertions returns, with the
-- log after the `base` of its result.
create function private.dossier_since(wanted_project_id uuid, outcome jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
      'tail', private.read_log(
        project_id, coalesce(private.read_position(outcome, 'base'), head)))
    from public.dossiers
    where project_id = wanted_project_id);
end
$$;

revoke all on function private.dossier_since(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_since(uuid, jsonb) to service_role;

-- Makes work of what is left to read in a session, unless there is some already. The session is locked.
create or replace function private.plan_extraction(wanted_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- What models could not do a moment ago they are not asked for with every turn.
  failure_pause constant interval := '10 minutes';
  session public.sessions;
begin
  if exists (
    select from public.jobs
    where session_id = wanted_session_id and kind = 'dossier_extraction' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return;
  end if;
  select * into session from public.sessions where session_id = wanted_session_id;
  if session.project_id is not null then
    perform private.add_job(jsonb_build_object(
      'kind', 'dossier_extraction', 'owner_id', session.owner_id, 'session_id', wanted_session_id,
      'merge_key', 'session', 'merge', 'open'));
  end if;
end
$$;

-- Ends an import before its end: {principal, project_id, task_id}. What it has proposed stays. One that
-- has ended stays as it is.
create or replace function public.cancel_import(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  import public.jobs := private.own_import(request, true);
begin
  if import.status in ('queued', 'running', 'paused') then
    import := private.drop_job(import.job_id);
  end if;
  return private.answer(private.import_body(import));
end
$$;

-- Stores what a part of a text has found (jobs/has_job_hook.sql): the result is {base, assertions, snapshot, facts,
-- proposals, ...}, the first four as commit_assertions takes them, proposals the ids that the assertions
-- belong to, and whatever else is worth keeping. The answer is `dossier`, what commit_assertions returns:
-- when its tail is not null, fold it and call that.
create function private.dossier_import_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  outcome constant jsonb := made -> 'result';
  dossier_start bigint;
begin
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(job.project_id, outcome)));
  end if;
  if jsonb_typeof(outcome -> 'proposals') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request',
      'result.proposals must be an array of the ids that the assertions belong to.');
  end if;
  select log_start into dossier_start from public.dossiers
  where project_id = job.project_id
  for no key update;
  if dossier_start <> (job.payload ->> 'log_start')::bigint then
    perform private.refuse(409, 'stale_lease',
      'The dossier has been emptied, and the import with it: drop what was done.');
  end if;
  return jsonb_build_object(
    'answer', jsonb_build_object(
      'dossier', private.add_assertions(job.project_id, outcome, null)),
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts']);
end
$$;

revoke all on function private.dossier_import_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_import_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- What a worker needs to read a part of a text (jobs/has_job_hook.sql): {title | null, chapter, chapter_title |
-- null, text, before, created_at}, where before is how the part before it ends, and created_at the import's, in
-- milliseconds since the epoch. An import into a dossier that was emptied since has ended.
create function private.dossier_import_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  characters_before constant integer := 1500;
  previous constant integer := step.step - 1;
begin
  if (job.payload ->> 'log_start')::bigint is distinct from (
    select log_start from public.dossiers where project_id = job.project_id)
  then
    perform private.drop_job(job.job_id);
    return null;
  end if;
  return jsonb_build_object(
    'title', job.payload -> 'title',
    'chapter', step.payload -> 'chapter',
    'chapter_title', step.payload -> 'chapter_title',
    'text', step.payload -> 'text',
    'before', coalesce((
      select right(part.payload ->> 'text', characters_before) from public.job_steps part
      where part.job_id = job.job_id and part.step = previous), ''),
    'created_at', floor(extract(epoch from job.created_at) * 1000)::bigint);
end
$$;

revoke all on function private.dossier_import_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_import_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- How far an import is, for its owner. It is a job, whose id callers know as task_id.
create function private.import_body(import public.jobs) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'task_id', import.job_id,
    'project_id', import.project_id,
    'title', import.payload ->> 'title',
    'status', import.status,
    'chapters', (import.payload ->> 'chapters')::integer,
    'steps', count(*),
    'steps_done', count(*) filter (where part.status = 'done'),
    'steps_failed', count(*) filter (where part.status = 'failed'),
    'progress', floor(100.0 * count(*) filter (where part.status in ('done', 'failed'))
      / count(*))::integer,
    'proposals', (
      select coalesce(jsonb_agg(found.proposal order by found.first_place), '[]')
      from (
        select made.proposal, min(ready.step * 10000::bigint + made.place) as first_place
        from public.job_steps ready
        cross join lateral jsonb_array_elements_text(ready.result -> 'proposals')
          with ordinality as made (proposal, place)
        where ready.job_id = import.job_id
        group by made.proposal
      ) found),
    'error', (
      select error from public.job_steps
      where job_id = import.job_id and error is not null
      order by step
      limit 1),
    'created_at', private.iso(import.created_at),
    'finished_at', private.iso(import.finished_at))
  from public.job_steps part
  where part.job_id = import.job_id;
$$;

revoke all on function
  private.refuse_import(),
  private.import_body(public.jobs)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_import(),
  private.import_body(public.jobs)
to service_role;

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
      perform from public.projects where project_id = wanted_project_id for key share;
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

revoke all on function private.own_import(jsonb, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.own_import(jsonb, boolean) to service_role;

-- How far an import is: {principal, project_id, task_id}.
create or replace function public.read_import(request jsonb) returns jsonb
language sql set search_path = ''
return private.answer(private.import_body(private.own_import(request, false)));

revoke all on function public.read_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_import(jsonb) to service_role;

-- Begins to read a text: {principal, project_id, title | null, chapters, steps: [{text, chapter,
-- chapter_title | null, from_byte}]}; 202 with how far it is, and where to ask for that.
create or replace function public.start_import(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 400;
  max_step_bytes constant integer := 16384;
  max_text_bytes constant integer := 1048576;
  -- Their texts are kept, for what was quoted.
  max_imports constant integer := 20;
  project public.projects;
  import public.jobs;
  dossier_start bigint;
  parts constant jsonb := request -> 'steps';
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
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
  perform private.check_open_jobs(project.owner_id);

  import := private.add_job(jsonb_build_object(
    'kind', 'dossier_import', 'owner_id', project.owner_id, 'project_id', project.project_id,
    'merge_key', 'project', 'is_serial', false, 'kept_for', null,
    'payload', jsonb_build_object(
      'title', nullif(btrim(left(request ->> 'title', 200)), ''),
      'chapters', (request ->> 'chapters')::integer,
      -- Whoever empties the dossier ends its imports.
      'log_start', dossier_start),
    'steps', (
      select jsonb_agg(jsonb_build_object(
        'text', part.value ->> 'text', 'chapter', (part.value ->> 'chapter')::integer,
        'chapter_title', nullif(left(part.value ->> 'chapter_title', 200), ''),
        'from_byte', (part.value ->> 'from_byte')::integer) order by part.place)
      from jsonb_array_elements(parts) with ordinality as part (value, place))));
  return private.answer(
    private.import_body(import) || jsonb_build_object(
      'status_url', format('/dossier/%s/import/%s', import.project_id, import.job_id)),
    202);
end
$$;

-- Begins a job: {kind, owner_id, session_id or project_id, merge_key?, merge?, is_serial?, payload?, steps?: [payload],
-- run_after?, kept_for?}. The caller has locked what it is for. It is serial unless told otherwise, has one
-- step unless told more, and is kept for a day. With a merge_key it becomes part of the job that is
-- open under that key: with merge "waiting", which is the default, what waits of that takes over payload and
-- run_after, and where nothing waits the steps come after those that are being done; with "open" nothing is
-- added to it, since whoever works on it looks for what is new until nothing is left. Returns the job.
create function private.add_job(request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  steps constant jsonb := coalesce(request -> 'steps', '[{}]');
  joins_open constant boolean := coalesce(request ->> 'merge', 'waiting') = 'open';
  due_at constant timestamptz := coalesce(
    (request ->> 'run_after')::timestamptz, clock_timestamp());
  job public.jobs;
begin
  -- Of what was kept for its time nothing is left when the next one begins.
  delete from public.jobs old
  where old.kind = request ->> 'kind' and old.finished_at + old.kept_for < clock_timestamp()
    and (old.session_id = (request ->> 'session_id')::uuid
      or old.project_id = (request ->> 'project_id')::uuid);
  -- Who is claiming the open one this moment may find nothing to do, not seeing what is new, and end it.
  -- Writing to the row waits for that, and then makes another one.
  insert into public.jobs as open_one (
    kind, owner_id, session_id, project_id, merge_key, is_serial, payload, kept_for, created_at)
  values (
    request ->> 'kind', (request ->> 'owner_id')::uuid, (request ->> 'session_id')::uuid,
    (request ->> 'project_id')::uuid, request ->> 'merge_key',
    coalesce((request ->> 'is_serial')::boolean, true), coalesce(request -> 'payload', '{}'),
    case when request ? 'kept_for' then (request ->> 'kept_for')::interval else '1 day' end,
    clock_timestamp())
  on conflict (subject_id, kind, merge_key)
    where status in ('queued', 'running', 'paused') and merge_key is not null
    do update set payload = case when joins_open then open_one.payload
      else open_one.payload || excluded.payload end
  returning * into job;
  if exists (select from public.job_steps where job_id = job.job_id) then
    if joins_open then
      return job;
    end if;
    update public.job_steps
    set payload = payload || coalesce(steps -> 0, '{}'),
        run_after = case when request ? 'run_after' then due_at else run_after end
    where job_id = job.job_id and step = (
      select min(step) from public.job_steps
      where job_id = job.job_id and status in ('waiting', 'queued') and attempts = 0);
    if found then
      return job;
    end if;
  end if;
  perform private.add_steps(job, steps, due_at);
  return job;
end
$$;

revoke all on function private.add_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.add_job(jsonb) to service_role;

-- Adds steps after those that the job has, which is locked: an array of payloads. Of one that is paused they
-- wait, of a serial one until the step before them is done (private.advance_job).
create function private.add_steps(job public.jobs, payloads jsonb, due_at timestamptz)
returns void
language plpgsql set search_path = '' as $$
declare
  -- As public.job_steps has it: a job that goes on until nothing is left may have many.
  max_steps constant integer := 100000;
  known constant integer := coalesce((
    select step from public.job_steps where job_id = job.job_id order by step desc limit 1), 0);
  must_wait constant boolean := job.is_serial and exists (
    select from public.job_steps
    where job_id = job.job_id and status in ('waiting', 'queued', 'running'));
begin
  if jsonb_typeof(payloads) is distinct from 'array' or known + jsonb_array_length(payloads) > max_steps
    or exists (
      select from jsonb_array_elements(payloads) sent where jsonb_typeof(sent) <> 'object')
  then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of objects, and a job may have %s.', max_steps));
  end if;
  insert into public.job_steps (job_id, step, owner_id, kind, status, run_after, payload, created_at)
  select job.job_id, known + sent.place, job.owner_id, job.kind,
    case
      when job.status = 'paused' or must_wait or (job.is_serial and sent.place > 1) then 'waiting'
      else 'queued'
    end,
    due_at, sent.payload, clock_timestamp()
  from jsonb_array_elements(payloads) with ordinality as sent (payload, place);
end
$$;

revoke all on function private.add_steps(public.jobs, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.add_steps(public.jobs, jsonb, timestamptz) to service_role;

-- Brings a job on, which is locked, after something has changed: the next step of a serial one is due, or
-- the job has ended.
create function private.advance_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
  steps record;
begin
  select * into job from public.jobs where job_id = wanted_id;
  if job.status not in ('queued', 'running', 'paused') then
    return job;
  end if;
  select count(*) filter (where status in ('queued', 'running')) as open,
    count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status = 'done') as done,
    count(*) filter (where status = 'failed') as failed,
    count(*) as total
  into steps
  from public.job_steps
  where job_id = wanted_id;
  if job.is_serial and steps.failed = 0 and steps.open = 0 and steps.waiting > 0
    and job.status <> 'paused'
  then
    update public.job_steps set status = 'queued'
    where job_id = wanted_id and step = (
      select min(step) from public.job_steps where job_id = wanted_id and status = 'waiting');
    steps.open := 1;
  end if;
  update public.jobs
  set status = case
        when is_serial and steps.failed > 0 then 'failed'
        when steps.open + steps.waiting > 0 then status
        when steps.done > 0 then 'done'
        else 'failed'
      end,
      progress = case
        when steps.open + steps.waiting > 0
          then greatest(progress, floor(100.0 * (steps.done + steps.failed) / steps.total))
        when steps.done > 0 then 100
        else progress
      end,
      finished_at = case
        when is_serial and steps.failed > 0 or steps.open + steps.waiting = 0
          then clock_timestamp()
      end
  where job_id = wanted_id
  returning * into job;
  return job;
end
$$;

revoke all on function private.advance_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.advance_job(uuid) to service_role;

-- Null when the kind has no such hook.
create function private.call_job_hook(
  hook text, job public.jobs, step public.job_steps, argument jsonb default '{}'
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  answer jsonb;
begin
  if private.has_job_hook(job.kind, hook) then
    execute format('select private.%I($1, $2, $3)', job.kind || '_' || hook)
    into answer
    using job, step, argument;
  end if;
  return answer;
end
$$;

revoke all on function private.call_job_hook(text, public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.call_job_hook(text, public.jobs, public.job_steps, jsonb)
to service_role;

-- Ends a job before its end: {principal, job_id}. What was done stays. One that has ended stays as it is.
create function public.cancel_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running', 'paused') then
    job := private.drop_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.cancel_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.cancel_job(jsonb) to service_role;

-- Refuses when the owner has as many open jobs as they may.
create function private.check_open_jobs(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  max_open_jobs constant integer := 200;
begin
  if (
    select count(*) >= max_open_jobs
    from (
      select from public.jobs
      where owner_id = principal_id and status in ('queued', 'running', 'paused')
      limit max_open_jobs
    ) open)
  then
    perform private.refuse(429, 'rate_limited', format(
      '%s jobs of yours are open: wait until one has ended, or cancel one.', max_open_jobs), '60');
  end if;
end
$$;

revoke all on function private.check_open_jobs(uuid) from public, anon, authenticated, service_role;
grant execute on function private.check_open_jobs(uuid) to service_role;

-- Takes the step that has waited longest, of the owner who has waited longest: {kinds: [...], lease_seconds?,
-- job_id?, session_id?, is_idle?}; returns {step}, which is null when there is nothing to do, or {job_id, step,
-- kind, lease_token, leased_until, attempts, steps, session_id, project_id, user_id} with what the kind
-- needs (private.<kind>_work). Until the lease has ended nobody else is given it; then it was in vain,
-- whatever the worker still does. For who waits for a job: with a job_id or a session_id it is a step of
-- that, with is_idle one that was never tried, of a job that nobody works on.
create function public.claim_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how long one call looks: of steps that turn out to be none, or that somebody holds.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  held_ids uuid[] := '{}';
  due_id uuid;
  job public.jobs;
  due public.job_steps;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of jobs.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    due_id := private.next_due_job(
      wanted_kinds, private.read_id(request, 'job_id'), private.read_id(request, 'session_id'),
      held_ids);
    exit when due_id is null;
    select * into job from public.jobs where job_id = due_id for no key update skip locked;
    if found then
      select * into due from public.job_steps
      where job_id = due_id and status in ('queued', 'running') and run_after <= clock_timestamp()
      order by step
      limit 1
      for update skip locked;
    end if;
    if not found or (request ->> 'is_idle')::boolean and (due.attempts > 0 or exists (
      select from public.job_steps
      where job_id = due_id and status = 'running' and leased_until > clock_timestamp()))
    then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if due.status = 'running' then
      perform private.record_lost_call(job, due);
    end if;
    if due.attempts >= max_attempts then
      -- Its kind may write what the session's lock protects. That lock comes before the job's, so this call
      -- does not wait for it.
      perform from public.sessions
      where session_id = job.session_id
      for no key update skip locked;
      if job.session_id is not null and not found then
        held_ids := held_ids || due_id;
        continue;
      end if;
      perform private.end_attempt(
        job, due, coalesce(due.error, 'Its workers have died.'), 0);
      continue;
    end if;
    if private.has_job_hook(job.kind, 'work') then
      work := private.call_job_hook('work', job, due);
    else
      work := jsonb_build_object('payload', due.payload);
    end if;
    if work is null then
      update public.job_steps
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where job_id = due_id and step = due.step and status in ('queued', 'running');
      perform private.advance_job(due_id);
      continue;
    end if;

    update public.job_steps
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease
    where job_id = due_id and step = due.step
    returning * into due;
    update public.jobs set status = 'running' where job_id = due_id and status = 'queued';
    perform private.mend_queue(due.owner_id, due.kind, true);
    return jsonb_build_object('step', jsonb_build_object(
      'job_id', due.job_id,
      'step', due.step,
      'kind', due.kind,
      'lease_token', due.lease_token,
      'leased_until', private.iso(due.leased_until),
      'attempts', due.attempts,
      'steps', (select count(*) from public.job_steps where job_id = due_id),
      'session_id', job.session_id,
      'project_id', job.project_id,
      'user_id', due.owner_id) || work);
  end loop;
  return '{"step": null}';
end
$$;

revoke all on function public.claim_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.claim_step(jsonb) to service_role;

-- Stores what a step was for: {job_id, step, lease_token, result, calls?, progress?, message?, next_steps?}. What the
-- kind makes of the result is its own (private.<kind>_store); calls are those that were made for it
-- (private.write_model_calls); next_steps are payloads of steps that come after those that the job has.
-- Returns {job_id, step, status, attempts, run_after, job_status, progress, already} with what the kind
-- answers. Calling again changes nothing and says `already`.
create function public.commit_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  done public.job_steps := private.open_step(request);
  job public.jobs;
  is_first_call constant boolean := done.status = 'running';
  stored jsonb;
begin
  select * into job from public.jobs where job_id = done.job_id;
  if not is_first_call then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', true));
    return private.describe_step(done, true)
      || coalesce(nullif(stored -> 'answer', 'null'), '{}');
  end if;
  perform private.record_step_calls(job, done, request -> 'calls');
  if private.has_job_hook(job.kind, 'store') then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', false));
  else
    stored := jsonb_build_object('result', request -> 'result');
  end if;
  update public.job_steps
  set status = 'done', result = stored -> 'result', error = null, finished_at = clock_timestamp()
  where job_id = done.job_id and step = done.step
  returning * into done;
  update public.jobs
  set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
      message = coalesce(left(request ->> 'message', 500), message),
      error = case when is_serial then null else error end
  where job_id = done.job_id;
  if jsonb_typeof(request -> 'next_steps') = 'array' and request -> 'next_steps' <> '[]' then
    perform private.add_steps(job, request -> 'next_steps', clock_timestamp());
  end if;
  if (stored ->> 'has_more')::boolean then
    perform private.add_steps(job, '[{}]', clock_timestamp());
  end if;
  perform private.advance_job(done.job_id);
  return private.describe_step(done, false) || coalesce(nullif(stored -> 'answer', 'null'), '{}');
end
$$;

revoke all on function public.commit_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.commit_step(jsonb) to service_role;

-- Deletes jobs whose time is over: {limit?}; returns {deleted}. Background work calls it, for nobody, until
-- nothing is left.
create function public.delete_finished_jobs(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_limit constant integer := 1000;
  max_limit constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  with ended as (
    select job_id from public.jobs
    where finished_at + kept_for < clock_timestamp()
    order by finished_at
    limit row_limit
    for update skip locked
  )
  delete from public.jobs using ended where jobs.job_id = ended.job_id;
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_finished_jobs(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_finished_jobs(jsonb) to service_role;

-- Every hour, where the database has a clock of its own. The development server has a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-delete-finished-jobs', '23 * * * *',
      $job$select public.delete_finished_jobs('{"limit": 10000}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'finished jobs are not deleted by pg_cron: %', sqlerrm;
end
$$;

-- Nobody who has gone stands in a line: job_queues has no foreign key.
create function private.delete_job_queues() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.job_queues where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_job_queues() from public, anon, authenticated, service_role;

-- After the cascades, which have waited for work that was being added.
create trigger delete_job_queues after delete on public.principals
  for each row execute function private.delete_job_queues();

-- What callers are told of a step that they have ended.
create function private.describe_step(step public.job_steps, already boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', step.job_id,
    'step', step.step,
    'status', step.status,
    'attempts', step.attempts,
    'run_after', case when step.status = 'queued' then private.iso(step.run_after) end,
    'job_status', job.status,
    'progress', job.progress,
    'already', already)
  from public.jobs job
  where job.job_id = step.job_id);

revoke all on function private.describe_step(public.job_steps, boolean)
from public, anon, authenticated, service_role;
grant execute on function private.describe_step(public.job_steps, boolean) to service_role;

-- Ends a job before its end: what is not yet done of it is not done any more, and who works on it finds
-- the lease gone. The job is locked.
create function private.drop_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
begin
  update public.job_steps
  set status = 'dropped', lease_token = null, finished_at = clock_timestamp()
  where job_id = wanted_id and status in ('waiting', 'queued', 'running');
  update public.jobs
  set status = 'cancelled', finished_at = clock_timestamp()
  where job_id = wanted_id and status in ('queued', 'running', 'paused');
  select * into job from public.jobs where job_id = wanted_id;
  return job;
end
$$;

revoke all on function private.drop_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.drop_job(uuid) to service_role;

-- Gives a step up for now, or for good. The job is locked; returns the step.
create function private.end_attempt(
  job public.jobs, failed public.job_steps, reason text, pause_seconds double precision
) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 5;
  is_last constant boolean := failed.attempts >= max_attempts;
begin
  update public.job_steps
  set status = case
        when is_last then 'failed'
        when job.status = 'paused' then 'waiting'
        else 'queued'
      end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      finished_at = case when is_last then clock_timestamp() end,
      error = left(reason, 1000)
  where job_id = failed.job_id and step = failed.step
  returning * into failed;
  if is_last then
    update public.jobs set error = failed.error where job_id = job.job_id;
    job := private.advance_job(job.job_id);
    if job.status = 'failed' then
      perform private.call_job_hook('fail', job, failed);
    end if;
  end if;
  return failed;
end
$$;

revoke all on function private.end_attempt(public.jobs, public.job_steps, text, double precision)
from public, anon, authenticated, service_role;
grant execute on function private.end_attempt(public.jobs, public.job_steps, text, double precision)
to service_role;

-- Gives a step back that could not be done: {job_id, step, lease_token, error, retry_after_seconds?, calls?};
-- returns what commit_step does, without what the kind answers. It is tried five times, after longer and
-- longer pauses.
create function public.fail_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  failed public.job_steps := private.open_step(request);
  job public.jobs;
  -- Four times as long each time, and not all at once: a provider that was away has many waiting.
  pause_seconds constant double precision :=
    first_pause_seconds * 4 ^ (failed.attempts - 1) * (0.75 + random() / 2);
begin
  select * into job from public.jobs where job_id = failed.job_id;
  if failed.status <> 'running' then
    return private.describe_step(failed, true);
  end if;
  perform private.record_step_calls(job, failed, request -> 'calls');
  failed := private.end_attempt(job, failed, request ->> 'error', least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds));
  return private.describe_step(failed, false);
end
$$;

revoke all on function public.fail_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.fail_step(jsonb) to service_role;

-- Goes on with what is waiting of a job, which is locked.
create function private.go_on_with_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
begin
  update public.jobs
  set status = case when exists (
        select from public.job_steps where job_id = wanted_id and attempts > 0)
        then 'running' else 'queued' end,
      finished_at = null
  where job_id = wanted_id
  returning * into job;
  if not job.is_serial then
    update public.job_steps set status = 'queued' where job_id = wanted_id and status = 'waiting';
  end if;
  return private.advance_job(wanted_id);
end
$$;

revoke all on function private.go_on_with_job(uuid) from public, anon, authenticated, service_role;
grant execute on function private.go_on_with_job(uuid) to service_role;

-- Whether a step could be claimed now; returns {due}. For who would otherwise call for nothing.
create function public.has_due_step(request jsonb) returns jsonb
language sql stable
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp()));

revoke all on function public.has_due_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.has_due_step(jsonb) to service_role;

-- What a kind of work does in the database, found by the kind's name, so that a kind needs no line here:
--
--   private.<kind>_work(jobs, job_steps, '{}')
--     what a worker needs for the step, besides what claim_step tells of every step; null: nothing is
--     left to do, or the hook has ended the job. Without it, {"payload": the step's}.
--   private.<kind>_store(jobs, job_steps, {result, already})
--     stores what was made and returns {result?: what is kept with the step, answer?: what the worker is
--     told besides, has_more?: another step is needed}. With `already` it stores nothing. Without it the
--     result is kept as it is.
--   private.<kind>_fail(jobs, job_steps, '{}')
--     after the job has failed.

create function private.has_job_hook(kind text, hook text) returns boolean
language sql stable
return to_regprocedure(
  format('private.%I(public.jobs, public.job_steps, jsonb)', kind || '_' || hook)) is not null;

revoke all on function private.has_job_hook(text, text) from public, anon, authenticated, service_role;
grant execute on function private.has_job_hook(text, text) to service_role;

-- How far a job is, for its owner.
create function private.job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', job.job_id,
    'kind', job.kind,
    'session_id', job.session_id,
    'project_id', job.project_id,
    'status', job.status,
    'progress', job.progress,
    'message', job.message,
    'error', job.error,
    'steps', count(*),
    'steps_done', count(*) filter (where step.status = 'done'),
    'steps_failed', count(*) filter (where step.status = 'failed'),
    'created_at', private.iso(job.created_at),
    'finished_at', private.iso(job.finished_at))
  from public.job_steps step
  where step.job_id = job.job_id);

revoke all on function private.job_body(public.jobs) from public, anon, authenticated, service_role;
grant execute on function private.job_body(public.jobs) to service_role;

-- Puts the owner at the end of the line, and their row right. It waits for nobody: who holds a row is
-- serving the same owner, or adds work to it.
create function private.mend_queue(wanted_owner_id uuid, wanted_kind text, is_served boolean)
returns void
language plpgsql set search_path = '' as $$
declare
  next_at timestamptz;
begin
  if is_served then
    update public.job_queues set served_at = clock_timestamp()
    where owner_id = wanted_owner_id and kind in (
      select kind from public.job_queues where owner_id = wanted_owner_id
      for update skip locked);
  end if;
  perform from public.job_queues
  where owner_id = wanted_owner_id and kind = wanted_kind
  for update skip locked;
  if not found then
    return;
  end if;
  select run_after into next_at from public.job_steps
  where owner_id = wanted_owner_id and kind = wanted_kind and status in ('queued', 'running')
  order by run_after
  limit 1;
  if found then
    update public.job_queues set next_due_at = next_at
    where owner_id = wanted_owner_id and kind = wanted_kind and next_due_at <> next_at;
  else
    delete from public.job_queues where owner_id = wanted_owner_id and kind = wanted_kind;
  end if;
end
$$;

revoke all on function private.mend_queue(uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function private.mend_queue(uuid, text, boolean) to service_role;

-- The job whose turn it is: of the kind and owner who have waited longest, the one that has. With a job_id
-- or a session_id only such a one. Null when nothing is due.
create function private.next_due_job(
  kinds text[], wanted_job_id uuid, wanted_session_id uuid, held_ids uuid[]
) returns uuid
language plpgsql set search_path = '' as $$
declare
  -- Bounds how long one call looks: at owners of whom nothing can be claimed.
  max_looks constant integer := 50;
  asked_at constant timestamptz := clock_timestamp();
  passed_over text[] := '{}';
  turn record;
  due_id uuid;
begin
  if wanted_job_id is not null or wanted_session_id is not null then
    select step.job_id into due_id
    from public.jobs job
    join public.job_steps step on step.job_id = job.job_id
    where (job.job_id = wanted_job_id
        or wanted_job_id is null and job.session_id = wanted_session_id)
      and job.kind = any (kinds) and job.job_id <> all (held_ids)
      and step.status in ('queued', 'running') and step.run_after <= asked_at
    order by step.run_after
    limit 1;
    return due_id;
  end if;
  for look in 1..max_looks loop
    select first.owner_id, wanted.kind into turn
    from unnest(kinds) with ordinality as wanted (kind, place)
    cross join lateral (
      select queue.owner_id, queue.served_at from public.job_queues queue
      where queue.kind = wanted.kind and queue.next_due_at <= asked_at
        and queue.owner_id || wanted.kind <> all (passed_over)
      order by queue.served_at, queue.next_due_at
      limit 1
    ) first
    order by first.served_at, wanted.place
    limit 1;
    if not found then
      return null;
    end if;
    select step.job_id into due_id
    from public.job_steps step
    where step.owner_id = turn.owner_id and step.kind = turn.kind
      and step.status in ('queued', 'running') and step.run_after <= asked_at
      and step.job_id <> all (held_ids)
    order by step.run_after, step.job_id, step.step
    limit 1;
    if found then
      return due_id;
    end if;
    passed_over := passed_over || (turn.owner_id || turn.kind);
    if held_ids = '{}' then
      perform private.mend_queue(turn.owner_id, turn.kind, false);
    end if;
  end loop;
  return null;
end
$$;

revoke all on function private.next_due_job(text[], uuid, uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function private.next_due_job(text[], uuid, uuid, uuid[]) to service_role;

-- The step with this lease, locked with its job and what that is for; refused when the lease was not the
-- last one of it.
create function private.open_step(request jsonb) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  job public.jobs;
  opened public.job_steps;
begin
  select * into job from public.jobs where job_id = wanted_id;
  perform from public.sessions where session_id = job.session_id for no key update;
  perform from public.projects where project_id = job.project_id for key share;
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

revoke all on function private.open_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.open_step(jsonb) to service_role;

-- The job, which is the principal's, locked with what it is for if it is to be changed; refused otherwise.
create function private.own_job(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
begin
  select * into job from public.jobs where job_id = wanted_id and owner_id = principal_id;
  if found and is_locked then
    perform from public.sessions where session_id = job.session_id for no key update;
    perform from public.projects where project_id = job.project_id for key share;
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

revoke all on function private.own_job(jsonb, boolean) from public, anon, authenticated, service_role;
grant execute on function private.own_job(jsonb, boolean) to service_role;

-- Nothing of the job is begun until it is resumed: {principal, job_id}. What is being done is done to its
-- end.
create function public.pause_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status in ('queued', 'running') then
    update public.job_steps set status = 'waiting'
    where job_id = job.job_id and status = 'queued';
    update public.jobs set status = 'paused' where job_id = job.job_id returning * into job;
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.pause_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.pause_job(jsonb) to service_role;

-- A step can be claimed from now on, or earlier than before, or is another's now.
create function private.queue_step() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.job_queues as queue (owner_id, kind, served_at, next_due_at)
  values (new.owner_id, new.kind, clock_timestamp(), new.run_after)
  on conflict (owner_id, kind) do update
  set next_due_at = least(queue.next_due_at, excluded.next_due_at);
  return null;
end
$$;

revoke all on function private.queue_step() from public, anon, authenticated, service_role;

create trigger queue_new_step after insert on public.job_steps
  for each row when (new.status in ('queued', 'running')) execute function private.queue_step();

create trigger queue_step after update of status, run_after, owner_id on public.job_steps
  for each row when (
    new.status in ('queued', 'running') and (
      old.status not in ('queued', 'running') or new.run_after < old.run_after
      or new.owner_id <> old.owner_id))
  execute function private.queue_step();

-- How far a job is: {principal, job_id}.
create function public.read_job(request jsonb) returns jsonb
language sql set search_path = ''
return private.answer(private.job_body(private.own_job(request, false)));

revoke all on function public.read_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_job(jsonb) to service_role;

create function private.refuse_job() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such job: use the id that it was begun with.');
end
$$;

revoke all on function private.refuse_job() from public, anon, authenticated, service_role;
grant execute on function private.refuse_job() to service_role;

-- Says that a worker goes on: {job_id, step, lease_token, lease_seconds?, progress?, message?, generation_id?}, where
-- progress is the job's in percent, and generation_id the text that the step makes. Returns
-- {leased_until}; refused like a commit when the step is somebody else's now, or its job was cancelled.
create function public.report_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  reported public.job_steps := private.open_step(request);
  lease_end constant timestamptz := clock_timestamp() + make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
begin
  if reported.status = 'running' then
    update public.job_steps
    set leased_until = greatest(leased_until, lease_end),
        run_after = greatest(leased_until, lease_end),
        generation_id = coalesce(private.read_id(request, 'generation_id'), generation_id)
    where job_id = reported.job_id and step = reported.step
    returning * into reported;
    update public.jobs
    set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
        message = coalesce(left(request ->> 'message', 500), message)
    where job_id = reported.job_id;
  end if;
  return jsonb_build_object('leased_until', private.iso(reported.leased_until));
end
$$;

revoke all on function public.report_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.report_step(jsonb) to service_role;

-- Goes on with a job that was paused: {principal, job_id}.
create function public.resume_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'paused' then
    job := private.go_on_with_job(job.job_id);
  end if;
  return private.answer(private.job_body(job));
end
$$;

revoke all on function public.resume_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.resume_job(jsonb) to service_role;

-- Tries a step again that was given up: {principal, job_id, step}. The job goes on with it, and what was
-- done of it stays. Refused when the step has not failed, or the job was cancelled.
create function public.retry_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  job public.jobs := private.own_job(request, true);
begin
  if job.status = 'cancelled' then
    perform private.refuse(422, 'invalid_request', 'The job was cancelled: begin another one.');
  end if;
  if job.finished_at is not null then
    -- Another one has taken its place meanwhile.
    if exists (
      select from public.jobs
      where subject_id = job.subject_id and kind = job.kind and merge_key = job.merge_key
        and status in ('queued', 'running', 'paused'))
    then
      perform private.refuse(422, 'invalid_request',
        'Another job does the same already: wait for that one.');
    end if;
    perform private.check_open_jobs(job.owner_id);
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

-- Begins a job of a person's: {principal, kind, session_id or project_id, merge_key?, is_serial?, payload?,
-- steps?, delay_seconds?}, as private.add_job has them; 202 with private.job_body. At most 200 jobs of an
-- owner are open.
create function public.start_job(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  max_delay_seconds constant double precision := 31536000;
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
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
  perform private.check_open_jobs(principal_id);
  job := private.add_job(
    (request - array['principal', 'owner_id', 'delay_seconds', 'run_after', 'kept_for', 'project_id'])
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

-- A new job is begun at once where the database can send requests; elsewhere somebody looks for it. Steps that
-- come later are found by whoever has added them.
create function private.wake_for_step() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from added where step = 1)
    and to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null
  then
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

revoke all on function private.wake_for_step() from public, anon, authenticated, service_role;

create trigger wake_for_step after insert on public.job_steps
  referencing new table as added
  for each statement execute function private.wake_for_step();

-- Posts to /tasks/run if a task is due; returns whether it has. It needs the extension pg_net, and two
-- secrets in Supabase's Vault: fabula_functions_url, such as https://x.supabase.co/functions/v1, and
-- fabula_secret_key. Without them it does nothing.
create or replace function private.wake_functions() returns boolean
language plpgsql set search_path = '' as $$
declare
  -- As long as the function works at most: who hangs up earlier may end it.
  timeout_ms constant integer := 60000;
  functions_url text;
  secret_key text;
begin
  if to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is null
    or to_regclass('vault.decrypted_secrets') is null
    or not (public.has_due_step('{}') ->> 'due')::boolean
  then
    return false;
  end if;
  -- Both are parsed only where they are there.
  execute $query$
    select max(decrypted_secret) filter (where name = 'fabula_functions_url'),
      max(decrypted_secret) filter (where name = 'fabula_secret_key')
    from vault.decrypted_secrets
    where name in ('fabula_functions_url', 'fabula_secret_key')
  $query$ into functions_url, secret_key;
  if functions_url is null or secret_key is null then
    return false;
  end if;
  execute $call$
    select net.http_post(
      url := $1, body := '{}', headers := $2, timeout_milliseconds := $3)
  $call$ using
    rtrim(functions_url, '/') || '/tasks/run',
    jsonb_build_object('apikey', secret_key, 'content-type', 'application/json'),
    timeout_ms;
  return true;
end
$$;

create function private.count_model_call() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    insert into public.model_call_changes (
      kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
    values (
      old.kind, coalesce(old.provider, 'unknown'), coalesce(old.model, 'unknown'), old.status, -1,
      -coalesce(old.input_tokens, 0), -old.output_tokens, -coalesce(old.cost_usd, 0));
  end if;
  insert into public.model_call_changes (
    kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
  values (
    new.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status, 1,
    coalesce(new.input_tokens, 0), new.output_tokens, coalesce(new.cost_usd, 0));
  return null;
end
$$;

revoke all on function private.count_model_call() from public, anon, authenticated, service_role;

create trigger count_model_call
  after insert or update of provider, model, status, input_tokens, output_tokens, cost_usd
  on public.model_calls
  for each row execute function private.count_model_call();

-- Adds the changes that no total has yet. Not twice at once: the caller has locked the cache's row.
create function private.count_model_calls() returns void
language plpgsql set search_path = '' as $$
declare
  -- As private.count_turn_ends has it.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.model_call_totals) known);
begin
  with changed as (
    delete from public.model_call_changes returning *
  ),
  models as (
    select sent.*, exists (
      select from public.model_call_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from changed) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  )
  insert into public.model_call_totals as total
  select changed.kind, coalesce(admitted.provider, 'other') as provider,
    coalesce(admitted.model, 'other') as model, changed.status,
    sum(changed.calls), sum(changed.input_tokens), sum(changed.output_tokens), sum(changed.cost_usd)
  from changed
  left join admitted
    on admitted.kind = changed.kind and admitted.provider = changed.provider
    and admitted.model = changed.model
  group by 1, 2, 3, 4
  on conflict (kind, provider, model, status) do update
  set calls = total.calls + excluded.calls,
      input_tokens = total.input_tokens + excluded.input_tokens,
      output_tokens = total.output_tokens + excluded.output_tokens,
      cost_usd = total.cost_usd + excluded.cost_usd;
end
$$;

revoke all on function private.count_model_calls() from public, anon, authenticated, service_role;
grant execute on function private.count_model_calls() to service_role;

-- However a generation ends, its end is counted.
create function private.count_turn_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.turn_ends (kind, provider, model, status, saves, first_token_ms, latency_ms)
  select session.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status,
    new.save_count, new.first_token_ms, new.latency_ms
  from public.sessions session
  where session.session_id = new.session_id;
  return null;
end
$$;

revoke all on function private.count_turn_end() from public, anon, authenticated, service_role;

create trigger count_turn_end after update of status on public.generations
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.count_turn_end();

-- Adds the ends that no total has yet. Not twice at once: the caller has locked the cache's row.
create or replace function private.count_turn_ends() returns void
language plpgsql set search_path = '' as $$
declare
  -- Whoever has a bot chooses a model's name. Beyond so many they are counted together, because each
  -- is a time series of its own for whoever asks.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.turn_totals) known);
begin
  with ended as (
    delete from public.turn_ends returning *
  ),
  models as (
    select sent.*, exists (
      select from public.turn_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from ended) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  ),
  counted as (
    insert into public.turn_totals as total
    select ended.kind, coalesce(admitted.provider, 'other') as provider,
      coalesce(admitted.model, 'other') as model, ended.status,
      count(*), sum(ended.saves)
    from ended
    left join admitted
      on admitted.kind = ended.kind and admitted.provider = ended.provider
      and admitted.model = ended.model
    group by 1, 2, 3, 4
    on conflict (kind, provider, model, status) do update
    set turns = total.turns + excluded.turns,
        saves = total.saves + excluded.saves
  )
  insert into public.duration_totals as total
  -- Of whole milliseconds: the bounds that are at most one less are those below.
  select timed.measure, ended.kind,
    width_bucket(timed.duration_ms - 1, private.duration_bounds_ms()) as bucket,
    count(*), sum(timed.duration_ms)
  from ended
  cross join lateral (
    values ('first_token', ended.first_token_ms), ('latency', ended.latency_ms)
  ) timed (measure, duration_ms)
  where timed.duration_ms is not null
  group by 1, 2, 3
  on conflict (measure, kind, bucket) do update
  set durations = total.durations + excluded.durations, sum_ms = total.sum_ms + excluded.sum_ms;
end
$$;

-- The metrics as totals and rows have them now. Within a metric, kinds and statuses that are not
-- there are absent; kinds of principals are always told. Jobs that have ended are told for a day.
create or replace function private.metrics_text() returns text
language plpgsql set search_path = '' as $$
begin
  return private.metric(
    'fabula_turns_total', 'counter', 'Turns that have ended.', (
      select string_agg(
        private.metric_sample(
          'fabula_turns_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          turns),
        '' order by kind, provider, model, status)
      from public.turn_totals))
  || private.metric(
    'fabula_tokens_total', 'counter',
    'Tokens of calls to models; output is estimated where the provider tells none.', (
      select string_agg(
        private.metric_sample(
          'fabula_tokens_total',
          private.metric_labels(
            'kind', used.kind, 'provider', used.provider, 'model', used.model,
            'direction', counted.direction),
          counted.tokens),
        '' order by used.kind, used.provider, used.model, counted.direction)
      from (
        select kind, provider, model,
          sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
        from public.model_call_totals
        group by kind, provider, model
      ) used
      cross join lateral (
        values ('input', used.input_tokens), ('output', used.output_tokens)
      ) counted (direction, tokens)))
  || private.metric(
    'fabula_model_calls_total', 'counter', 'Calls to models, of turns and of work after them.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_calls_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          calls),
        '' order by kind, provider, model, status)
      from public.model_call_totals))
  || private.metric(
    'fabula_model_cost_usd_total', 'counter', 'What providers say that calls have cost, in US dollars.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_cost_usd_total',
          private.metric_labels('kind', kind, 'provider', provider, 'model', model),
          cost_usd),
        '' order by kind, provider, model)
      from (
        select kind, provider, model, sum(cost_usd) as cost_usd
        from public.model_call_totals
        group by kind, provider, model
        having sum(cost_usd) > 0
      ) told))
  || private.metric(
    'fabula_saves_total', 'counter', 'Saves with new text, of turns that have ended.',
    private.metric_sample('fabula_saves_total', '', (
      select coalesce(sum(saves), 0) from public.turn_totals)))
  || private.metric(
    'fabula_rate_limited_total', 'counter', 'Turns that were refused by a rate limit.',
    private.metric_sample('fabula_rate_limited_total', '', (
      select case when is_called then last_value else 0 end from private.rate_limited)))
  || private.metric(
    'fabula_generations_running', 'gauge', 'Replies that are being written.', (
      select string_agg(
        private.metric_sample(
          'fabula_generations_running', private.metric_labels('kind', kind), generations),
        '' order by kind)
      from (
        select session.kind, count(*) as generations
        from public.generations generation
        join public.sessions session on session.session_id = generation.session_id
        where generation.status = 'streaming'
        group by session.kind
      ) running))
  || private.duration_histogram(
    'fabula_first_token_seconds', 'Time from the start of a turn to its first token.',
    'first_token')
  || private.duration_histogram(
    'fabula_turn_duration_seconds', 'Time from the start of a turn to its end.', 'latency')
  || private.metric(
    'fabula_principals', 'gauge', 'Users, and guests whose time is not over.', (
      select string_agg(
        private.metric_sample(
          'fabula_principals', private.metric_labels('kind', known.kind), known.principals),
        '' order by known.kind)
      from (
        select kinds.kind, count(principal.id) as principals
        from unnest('{external,guest,user}'::text[]) kinds (kind)
        left join public.principals principal
          on principal.kind = kinds.kind and principal.migrated_to is null
          and (principal.expires_at is null or principal.expires_at > clock_timestamp())
        group by kinds.kind
      ) known))
  || private.metric(
    'fabula_background_tasks', 'gauge', 'Work after turns; what has ended is kept for a while.', (
      select string_agg(
        private.metric_sample(
          'fabula_background_tasks',
          private.metric_labels('kind', kind, 'status', status),
          tasks),
        '' order by kind, status)
      from (
        select kind, status, count(*) as tasks
        from public.jobs
        where finished_at is null or finished_at > clock_timestamp() - interval '1 day'
        group by kind, status
      ) kept));
end
$$;

-- What the deployment has done since it counts, and how it stands, at most 15 seconds old: {}.
-- Returns {text}, in Prometheus' text format 0.0.4. Totals never go down.
create or replace function public.read_metrics(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_age constant interval := '15 seconds';
  cached public.metrics_cache;
  asked_at timestamptz;
begin
  select * into cached from public.metrics_cache;
  if cached.made_at <= clock_timestamp() - max_age then
    -- One makes new ones; who asks meanwhile gets the ones before, if there are any.
    select * into cached from public.metrics_cache for update skip locked;
    if not found then
      select * into cached from public.metrics_cache where text is not null;
      if found then
        return jsonb_build_object('text', cached.text);
      end if;
      select * into cached from public.metrics_cache for update;
    end if;
    asked_at := clock_timestamp();
    if cached.made_at <= asked_at - max_age then
      perform private.count_turn_ends();
      perform private.count_model_calls();
      update public.metrics_cache
      set made_at = asked_at, text = private.metrics_text()
      returning * into cached;
    end if;
  end if;
  return jsonb_build_object('text', cached.text);
end
$$;

-- Gives anon and authenticated exactly what some policy is about, and service_role everything, on
-- every table of `public` with row level security, and lets authenticated read the views on them. Each
-- migration with tables, views or policies ends with a call of it. A function, because Supabase's defaults,
-- and the embedded Supabase at each start, give all rights to all three.
create or replace function private.align_grants_with_policies() returns void
language plpgsql set search_path = '' as $$
declare
  protected record;
  allowed record;
begin
  for protected in
    select oid::regclass as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity
  loop
    execute format('revoke all on %s from public, anon, authenticated', protected.name);
    execute format('grant all on %s to service_role', protected.name);
    for allowed in
      select case policy.polcmd
          when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
          when 'd' then 'delete' else 'select, insert, update, delete'
        end as commands,
        role.rolname as role_name
      from pg_policy policy
      join pg_roles role on role.oid = any (policy.polroles)
      where policy.polrelid = protected.name and role.rolname in ('anon', 'authenticated')
    loop
      execute format('grant %s on %s to %I',
        allowed.commands, protected.name, allowed.role_name);
    end loop;
  end loop;
  -- A view shows what its tables' policies let whoever asks see, and is written through by nobody.
  for protected in
    select oid::regclass as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'v'
      and 'security_invoker=true' = any (reloptions)
  loop
    execute format('revoke all on %s from public, anon, authenticated', protected.name);
    execute format('grant all on %s to service_role', protected.name);
    execute format('grant select on %s to authenticated', protected.name);
  end loop;
end
$$;

drop function private.extraction_work(public.background_tasks);
-- What a worker needs to read a part of a conversation for its dossier: {project_id, messages:
-- [{message_id, role, text, from_byte, to_byte, created_at}], before: [{message_id, role, text, from_byte,
-- created_at}], dossier: {head, folded_to, log_start}}; null when nothing is left to read or to fold. text
-- is the part from from_byte to to_byte, created_at milliseconds since the epoch, and before what was said
-- until then, the end of each. Without messages there is only the log to fold. Bounded: what is left is
-- another part.
create function private.extraction_work(wanted_session_id uuid) returns jsonb
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
  for unread in select * from private.unread_on_path(wanted_session_id) limit max_messages loop
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
  where project_id = (select project_id from public.sessions where session_id = wanted_session_id);
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

revoke all on function private.extraction_work(uuid) from public, anon, authenticated, service_role;
grant execute on function private.extraction_work(uuid) to service_role;

-- What was used until now.
insert into public.model_call_totals (
  kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
select kind, provider, model, status, turns, input_tokens, output_tokens, 0 from public.turn_totals;
insert into public.model_call_changes (
  kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
select kind, provider, model, status, 1, input_tokens, output_tokens, 0 from public.turn_ends;
alter table public.turn_totals drop column input_tokens, drop column output_tokens;
alter table public.turn_ends drop column input_tokens, drop column output_tokens;
alter table public.model_calls disable trigger count_model_call;
insert into public.model_calls (
  model_call_id, owner_id, source_id, place, generation_id, project_id, kind, provider, model, input_tokens,
  output_tokens, is_estimated, status, created_at)
select used.usage_id, used.owner_id, coalesce(used.generation_id, used.usage_id), 1,
  used.generation_id, session.project_id, used.kind, used.provider, used.model, used.input_tokens,
  used.output_tokens, used.is_estimated, used.status, used.created_at
from public.usage used
left join public.generations generation using (generation_id)
left join public.sessions session on session.session_id = generation.session_id;
alter table public.model_calls enable trigger count_model_call;
drop table public.usage;
-- What turns have used: the ledger's rows of them.
create view public.usage with (security_invoker = true) as
select model_call_id as usage_id, owner_id, generation_id, kind, provider, model, input_tokens,
  output_tokens, is_estimated, status, created_at
from public.model_calls
where kind in ('chat', 'relay', 'companion', 'realtime');

-- What was left to do until now. Whoever works on it finds it gone.
insert into public.jobs (
  kind, owner_id, session_id, merge_key, is_serial, payload, kept_for, created_at)
select kind, owner_id, session_id, 'session', true, payload - array['next_message_id', 'spans'],
  '1 day', created_at
from public.background_tasks
where status in ('queued', 'running');
insert into public.job_steps (job_id, step, owner_id, kind, run_after, created_at)
select job_id, 1, owner_id, kind, clock_timestamp(), created_at from public.jobs;
insert into public.jobs (
  job_id, kind, owner_id, project_id, merge_key, is_serial, status, payload, kept_for, created_at,
  finished_at)
select task_id, 'dossier_import', owner_id, project_id, 'project', false, status, jsonb_build_object(
  'title', title, 'chapters', chapter_count, 'log_start', log_start), null, created_at, finished_at
from public.dossier_imports;
insert into public.job_steps (
  job_id, step, owner_id, kind, status, attempts, run_after, payload, result, error, created_at,
  finished_at)
select part.task_id, part.step, part.owner_id, 'dossier_import',
  case part.status when 'running' then 'queued' else part.status end, part.attempts,
  case part.status when 'running' then clock_timestamp() else part.run_after end,
  jsonb_build_object('text', part.text, 'chapter', part.chapter, 'chapter_title', part.chapter_title,
    'from_byte', part.from_byte),
  part.result || jsonb_build_object('proposals', part.proposals), part.error, import.created_at,
  case when part.status in ('done', 'failed', 'dropped')
    then coalesce(import.finished_at, clock_timestamp()) end
from public.dossier_import_steps part
join public.dossier_imports import using (task_id);

-- What it is all done with no more.
drop function public.has_due_task(jsonb);
drop function public.claim_task(jsonb);
drop function public.commit_task(jsonb);
drop function public.fail_task(jsonb);
drop function private.open_task(jsonb);
drop function private.describe_task(public.background_tasks, boolean);
drop function private.summary_work(public.background_tasks);
drop function private.store_summary(public.background_tasks, jsonb);
drop function private.store_extraction(public.background_tasks);
drop function public.claim_import_step(jsonb);
drop function public.commit_import_step(jsonb);
drop function public.fail_import_step(jsonb);
drop function private.open_import_step(jsonb);
drop function private.describe_import_step(public.dossier_import_steps, boolean);
drop function private.settle_import(uuid);
drop function private.end_import(uuid, text);
drop table public.background_tasks;
drop function private.note_failed_extraction();
drop function private.wake_for_task();
drop table public.dossier_import_steps;
drop table public.dossier_imports;

select private.align_grants_with_policies();
