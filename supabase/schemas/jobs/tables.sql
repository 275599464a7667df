-- Durable work: a job is the whole, a step is a unit whose result is kept and never made again. What a job
-- does is its kind's; nothing here knows a kind by name (jobs/hooks.sql).
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

create unique index job_open on public.jobs (subject_id, kind, merge_key)
  where status in ('queued', 'running', 'paused') and merge_key is not null;
-- A session's jobs and a project's, which go with it.
create index jobs_of_session on public.jobs (session_id, kind, created_at)
  where session_id is not null;
create index jobs_of_project on public.jobs (project_id, kind, created_at)
  where project_id is not null;
-- An owner's open jobs, which are counted.
create index jobs_open_of_owner on public.jobs (owner_id)
  where status in ('queued', 'running', 'paused');
create index jobs_finished on public.jobs (finished_at) where finished_at is not null;

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

-- What an owner has to do of a kind, the longest waiting first.
create index job_steps_due_of_owner on public.job_steps (owner_id, kind, run_after, job_id, step)
  where status in ('queued', 'running');
-- Whether anything is due at all.
create index job_steps_due on public.job_steps (run_after) where status in ('queued', 'running');
create index job_steps_of_generation on public.job_steps (generation_id)
  where generation_id is not null;

-- Whose turn it is: an owner's place in the line of a kind. A row is a hint, which claim_step mends:
-- no step of them is due before next_due_at, and one may not be due then.
create table public.job_queues (
  -- Without a foreign key: checking one would lock the principal while a turn ends, after its
  -- session, which others lock the other way round. Who has gone has no steps, and their row goes when
  -- it is looked at.
  owner_id uuid not null,
  kind text not null,
  -- When a step of theirs was last given to a worker, of any kind; before the first, when they came.
  served_at timestamptz not null,
  next_due_at timestamptz not null,
  primary key (owner_id, kind)
);

-- Who has waited longest, of a kind.
create index job_queues_by_turn on public.job_queues (kind, served_at, next_due_at);

alter table public.jobs enable row level security;
alter table public.job_steps enable row level security;
alter table public.job_queues enable row level security;
comment on table public.jobs is 'Work for the functions. Not readable over REST.';
comment on table public.job_steps is 'Units of work for the functions. Not readable over REST.';
comment on table public.job_queues is
  'Owners whose work waits. Not readable over REST.';
