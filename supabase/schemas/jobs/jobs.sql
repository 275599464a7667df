-- Durable work: a job is the whole, a step is a unit whose result is kept and never made again. What a job
-- does is its kind's; nothing here knows a kind by name (has_job_hook.sql).
--
-- Locks are taken in the order project, session, job, step, dossier, queue (HACKING.md, "Locks").

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
