-- Plans: what people may use in a month, and jobs' shares of it.

create or replace function private.refuse_with(
  status integer, code text, message text, members jsonb, retry_after_s integer default 0
) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(status, code, message, jsonb_build_object(
    'retry_after_s', retry_after_s, 'members', members)::text);
end
$$;

revoke all on function private.refuse_with(integer, text, text, jsonb, integer)
from public, anon, authenticated, service_role;
grant execute on function private.refuse_with(integer, text, text, jsonb, integer) to service_role;

-- The amounts that people may use in a month, which begins at midnight UTC. Null: without a limit.
create table public.plans (
  name text primary key check (name ~ '^[a-z][a-z0-9_-]{0,31}$'),
  -- Requests to models, and their tokens as in the ledger: input and output.
  calls_a_month bigint check (calls_a_month >= 0),
  tokens_a_month bigint check (tokens_a_month >= 0),
  images_a_month bigint check (images_a_month >= 0),
  -- The plan of everybody to whom the operator has given none.
  is_default boolean not null default false
);

comment on table public.plans is 'Plans of the operator. Not readable over REST.';

create unique index plans_have_one_default on public.plans (is_default) where is_default;

alter table public.plans enable row level security;

-- A short story takes about 30 calls and 100,000 tokens, a long one 60 and 400,000.
insert into public.plans (name, calls_a_month, tokens_a_month, images_a_month, is_default)
values
  ('free', 400, 2000000, 20, true),
  ('basic', 4000, 20000000, 200, false),
  ('pro', 40000, 200000000, 2000, false);

-- The plan that the operator has given a principal. Everybody who has ever taken a share has a row: its lock
-- lets one at a time take a share of a plan (take_share.sql).
create table public.principal_plans (
  owner_id uuid primary key references public.principals (id) on delete cascade,
  -- Null: the default plan.
  plan text references public.plans (name) on update cascade
);

comment on table public.principal_plans is 'Who has which plan. Not readable over REST.';

-- Whether a plan is used.
create index principal_plans_by_plan on public.principal_plans (plan);

alter table public.principal_plans enable row level security;

-- Jobs' shares of their owners' plans. While a share is open, what it reserves and has not used counts as used;
-- once it is settled, only what was used counts.
create table public.plan_shares (
  -- Without a foreign key: calls that are reported after the job's deletion count too.
  job_id uuid not null,
  -- The first day of the month in which the share was taken, in UTC. All of it counts in this month.
  month date not null check (extract(day from month) = 1),
  -- Without a foreign key: its check would lock the principal after the job, against the lock order. A
  -- trigger removes a principal's rows (delete_plan_shares.sql).
  owner_id uuid not null,
  reserved_calls bigint not null check (reserved_calls >= 0),
  reserved_tokens bigint not null check (reserved_tokens >= 0),
  reserved_images bigint not null check (reserved_images >= 0),
  -- The ledger's sums of the job.
  used_calls bigint not null default 0 check (used_calls >= 0),
  used_tokens bigint not null default 0 check (used_tokens >= 0),
  used_images bigint not null default 0 check (used_images >= 0),
  -- When the job ended; null: it is open.
  settled_at timestamptz,
  primary key (job_id, month)
);

comment on table public.plan_shares is 'What jobs use of plans. Not readable over REST.';

-- An owner's shares of a month, to sum them up.
create index plan_shares_of_owner on public.plan_shares (owner_id, month);

alter table public.plan_shares enable row level security;

-- The principal's plan: the one that the operator has given them, or the default.
create function private.plan_of(principal_id uuid) returns public.plans
language plpgsql stable set search_path = '' as $$
declare
  plan public.plans;
begin
  select * into plan from public.plans
  where name = (
    select principal_plans.plan from public.principal_plans where owner_id = principal_id);
  if not found then
    select * into plan from public.plans where is_default;
  end if;
  return plan;
end
$$;

-- The first day of the month of a moment, in UTC.
create function private.month_of(moment timestamptz) returns date
language sql stable parallel safe
return pg_catalog.date_trunc('month', moment at time zone 'UTC')::date;

-- When the month after this one begins, as callers read it.
create function private.end_of_month(month date) returns text
language sql stable parallel safe
return private.iso((month + interval '1 month') at time zone 'UTC');

-- {plan, month, usage, reserved, limit, resets_at}: what is used of the principal's plan in this month. usage,
-- reserved and limit are {calls, tokens, images}; a limit is null where there is none.
create function private.plan_usage(principal_id uuid, month date) returns jsonb
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
      'resets_at', private.end_of_month(plan_usage.month))
    from public.plan_shares share
    where share.owner_id = principal_id and share.month = plan_usage.month);
end
$$;

revoke all on function
  private.plan_of(uuid),
  private.month_of(timestamptz),
  private.end_of_month(date),
  private.plan_usage(uuid, date)
from public, anon, authenticated, service_role;
grant execute on function
  private.plan_of(uuid),
  private.month_of(timestamptz),
  private.end_of_month(date),
  private.plan_usage(uuid, date)
to service_role;

-- A plan as its operator sees it.
create function private.plan_body(plan public.plans) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'name', plan.name,
  'calls_a_month', plan.calls_a_month,
  'tokens_a_month', plan.tokens_a_month,
  'images_a_month', plan.images_a_month,
  'is_default', plan.is_default);

revoke all on function private.plan_body(public.plans) from public, anon, authenticated, service_role;
grant execute on function private.plan_body(public.plans) to service_role;

-- Reserves a job's share of its owner's plan, or refuses with 429 plan_exceeded and {usage, reserved, limit,
-- resets_at}. A job that has an open share gets this in addition. It comes after all other locks of the
-- transaction, the job's among them; what settles shares never waits for its lock. The share is settled when
-- the job ends (settle_share.sql).
create function private.take_share(
  owner_id uuid, job_id uuid, calls integer, tokens bigint, images integer
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
    job_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images)
  values (
    take_share.job_id, this_month, take_share.owner_id, take_share.calls, take_share.tokens,
    take_share.images)
  on conflict on constraint plan_shares_pkey do update
  set reserved_calls = excluded.reserved_calls
        + case when share.settled_at is null then share.reserved_calls else share.used_calls end,
      reserved_tokens = excluded.reserved_tokens
        + case when share.settled_at is null then share.reserved_tokens else share.used_tokens end,
      reserved_images = excluded.reserved_images
        + case when share.settled_at is null then share.reserved_images else share.used_images end,
      settled_at = null;
end
$$;

-- Reserves again what a job that goes on after its end has not used of its share. It comes after all other
-- locks, as private.take_share does.
create function private.retake_share(job public.jobs) returns void
language plpgsql set search_path = '' as $$
declare
  share public.plan_shares;
begin
  select * into share from public.plan_shares
  where job_id = job.job_id
  order by month desc
  limit 1;
  if share.settled_at is not null then
    perform private.take_share(
      job.owner_id, job.job_id,
      greatest(share.reserved_calls - share.used_calls, 1)::integer,
      greatest(share.reserved_tokens - share.used_tokens, 0),
      greatest(share.reserved_images - share.used_images, 0)::integer);
  end if;
end
$$;

revoke all on function
  private.take_share(uuid, uuid, integer, bigint, integer),
  private.retake_share(public.jobs)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_share(uuid, uuid, integer, bigint, integer),
  private.retake_share(public.jobs)
to service_role;

-- Gives back what a job's share reserves and has not used, if the job has one. Calls that are reported later
-- count nevertheless (write_job_calls.sql).
create function private.settle_share(job_id uuid) returns void
language sql set search_path = '' as $$
  update public.plan_shares share set settled_at = clock_timestamp()
  where share.job_id = settle_share.job_id and share.settled_at is null;
$$;

-- Settles the share of a job that ends, in whatever way.
create function private.settle_ended_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.settle_share(old.job_id);
  return null;
end
$$;

revoke all on function
  private.settle_share(uuid),
  private.settle_ended_job()
from public, anon, authenticated, service_role;
grant execute on function private.settle_share(uuid) to service_role;

create trigger settle_share_of_ended after update on public.jobs
  for each row when (old.finished_at is null and new.finished_at is not null)
  execute function private.settle_ended_job();
create trigger settle_share_of_deleted after delete on public.jobs
  for each row when (old.finished_at is null)
  execute function private.settle_ended_job();

-- Writes calls of a job to the ledger, and counts them in the job's share, if it has one. wanted_job_id may be
-- of a job that is deleted; common.job_id is then null. Counts only what is new: calls may be reported twice,
-- and the lost call of a worker becomes known.
create function private.write_job_calls(
  common public.model_calls, wanted_job_id uuid, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  share public.plan_shares;
  known record;
begin
  select * into share from public.plan_shares
  where job_id = wanted_job_id
  order by month desc
  limit 1
  for no key update;
  if share.job_id is null then
    perform private.write_model_calls(common, calls);
    return;
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
  where plan_shares.job_id = share.job_id and plan_shares.month = share.month;
end
$$;

revoke all on function private.write_job_calls(public.model_calls, uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_job_calls(public.model_calls, uuid, jsonb) to service_role;

-- Removes a deleted principal's rows, because plan_shares has no foreign key.
create function private.delete_plan_shares() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.plan_shares where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_plan_shares() from public, anon, authenticated, service_role;

-- The shares are locked by then (lock_belongings.sql).
create trigger delete_plan_shares after delete on public.principals
  for each row execute function private.delete_plan_shares();

-- Gives an account what a guest has used, and the guest's plan if the operator has given one to the guest and
-- none to the account.
create function private.move_plan(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.plan_shares set owner_id = account_id where owner_id = guest_id;
  insert into public.principal_plans as known (owner_id, plan)
  select account_id, plan from public.principal_plans
  where owner_id = guest_id and plan is not null
  on conflict (owner_id) do update set plan = coalesce(known.plan, excluded.plan);
  delete from public.principal_plans where owner_id = guest_id;
end
$$;

revoke all on function private.move_plan(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function private.move_plan(uuid, uuid) to service_role;

-- The caller's usage of their plan in this month: {principal}; answers private.plan_usage.
create function public.read_usage(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  return private.answer(private.plan_usage(
    private.resolve_principal(request -> 'principal'), private.month_of(clock_timestamp())));
end
$$;

revoke all on function public.read_usage(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_usage(jsonb) to service_role;

-- Plans, for the operator, whom the edge has let in.

-- All plans, by name: {}.
create function public.list_plans(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  return private.answer((
    select coalesce(jsonb_agg(private.plan_body(plan) order by plan.name), '[]')
    from public.plans plan));
end
$$;

-- Makes a plan or changes one, for everybody who has it: {plan_name, body: {calls_a_month, tokens_a_month,
-- images_a_month, is_default?}}. is_default true makes it the default instead of the one that was it.
create function public.save_plan(request jsonb) returns jsonb
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
      is_default = is_default or becomes_default
  where name = plan_name
  returning * into plan;
  return private.answer(private.plan_body(plan), case when is_new then 201 else 200 end);
end
$$;

-- Refuses because there is no plan of this name.
create function private.refuse_unknown_plan() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found', 'There is no such plan: see GET /users/plans.');
end
$$;

-- Deletes a plan that nobody has: {plan_name}.
create function public.delete_plan(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  if exists (select from public.plans where name = request ->> 'plan_name' and is_default) then
    perform private.refuse(422, 'invalid_request',
      'This is the default plan: make another one the default before you delete it.');
  end if;
  delete from public.plans where name = request ->> 'plan_name' and not is_default;
  if not found then
    perform private.refuse_unknown_plan();
  end if;
  return private.answer('{"message": "The plan is deleted."}');
exception when foreign_key_violation then
  perform private.refuse(422, 'invalid_request',
    'Somebody has this plan: give them another one before you delete it.');
end
$$;

-- Gives a person a plan from now on: {user_id, body: {plan}}; null is the default plan. What they have used in
-- this month counts. Answers private.plan_usage.
create function public.set_plan(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(
    jsonb_build_object('kind', 'named', 'subject', request -> 'user_id'));
begin
  perform from public.plans where name = request -> 'body' ->> 'plan' for key share;
  if not found and request -> 'body' ->> 'plan' is not null then
    perform private.refuse_unknown_plan();
  end if;
  perform private.hold_principal(principal_id);
  insert into public.principal_plans (owner_id, plan)
  values (principal_id, request -> 'body' ->> 'plan')
  on conflict (owner_id) do update set plan = excluded.plan;
  return private.answer(
    private.plan_usage(principal_id, private.month_of(clock_timestamp())));
end
$$;

revoke all on function
  public.list_plans(jsonb),
  public.save_plan(jsonb),
  private.refuse_unknown_plan(),
  public.delete_plan(jsonb),
  public.set_plan(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.list_plans(jsonb),
  public.save_plan(jsonb),
  private.refuse_unknown_plan(),
  public.delete_plan(jsonb),
  public.set_plan(jsonb)
to service_role;

create or replace function private.go_on_with_job(wanted_id uuid) returns public.jobs
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
  job := private.advance_job(wanted_id);
  if job.finished_at is null then
    perform private.retake_share(job);
  end if;
  return job;
end
$$;

create or replace function private.record_step_calls(
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
  perform private.write_job_calls(common, job.job_id, calls);
end
$$;

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
  perform from public.plan_shares where job_id = private.read_id(request, 'job_id')
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
  perform from public.plan_shares where owner_id = principal_id order by job_id, month for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  perform from public.memory_logs where owner_id = principal_id order by memory_log_id for no key update;
  return true;
end
$$;

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
  where job_id = any (array(
      select job_id from public.jobs
      where project_id = wanted_id or session_id = any (array(
        select session_id from public.sessions where project_id = wanted_id))))
    and settled_at is null
  order by job_id, month
  for no key update;
  perform from public.dossiers where project_id = wanted_id for no key update;
end
$$;

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
  update public.characters set owner_id = account_id where owner_id = guest_id;
  perform private.move_memory_logs(guest_id, account_id);
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  perform private.move_plan(guest_id, account_id);
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

select private.align_grants_with_policies();
