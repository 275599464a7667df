-- Durable work: a job consists of steps, and a step's result is stored and never made again. A job's kind
-- defines what its steps do; no code here knows a kind by name (has_job_hook.sql).
--
-- Locks are taken in the order project, session, job, step, dossier, queue (HACKING.md, "Locks").

create table public.jobs (
  job_id uuid primary key default gen_random_uuid(),
  kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,47}$'),
  owner_id uuid not null,
  -- The job's subject, a conversation or a project; it is deleted with the subject.
  session_id uuid,
  project_id uuid,
  subject_id uuid not null generated always as (coalesce(session_id, project_id)) stored,
  -- At most one job per subject, kind and key is open at a time: a request for another is merged into it.
  merge_key text check (char_length(merge_key) between 1 and 128),
  -- Serial: the steps are done one after another, and a step that has failed for good ends the job. Otherwise
  -- they are done in any order, and the job continues without failed steps.
  is_serial boolean not null,
  -- Queued until one of its steps is claimed for the first time.
  status text not null default 'queued'
    check (status in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  -- The kind's parameters for all steps.
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  progress integer not null default 0 check (progress between 0 and 100),
  -- The current activity, shown to those who wait for the job.
  message text check (char_length(message) <= 500),
  error text check (char_length(error) <= 1000),
  -- How long the job is kept after its end; null: as long as its subject.
  kept_for interval,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  -- Whether the kind's steps report the job's progress; otherwise it is the share of finished steps. For
  -- serial jobs whose steps are added one by one, so that their number is unknown.
  reports_progress boolean not null default false,
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
-- A session's or a project's jobs, which are deleted with it.
create index jobs_of_session on public.jobs (session_id, kind, created_at);
create index jobs_of_project on public.jobs (project_id, kind, created_at);
-- An owner's open jobs, to count them.
create index jobs_open_of_owner on public.jobs (owner_id)
  where status in ('queued', 'running', 'paused');
-- Failed jobs, the newest first, for the operator.
create index jobs_failed on public.jobs (finished_at desc, job_id) where status = 'failed';
create index jobs_finished on public.jobs (finished_at) where finished_at is not null;

alter table public.jobs enable row level security;
