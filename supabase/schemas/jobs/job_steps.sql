create table public.job_steps (
  job_id uuid not null,
  -- From 1.
  step integer not null check (step between 1 and 100000),
  owner_id uuid not null,
  kind text not null,
  -- Waiting: for the previous step, or until the job is resumed. Dropped: the job has ended without this
  -- step.
  status text not null default 'queued'
    check (status in ('waiting', 'queued', 'running', 'done', 'failed', 'dropped')),
  -- How often the step was claimed.
  attempts integer not null default 0 check (attempts >= 0),
  -- The current or last lease, and when it ends.
  lease_token uuid,
  leased_until timestamptz,
  -- When the step is due; while it is running, the end of its lease.
  run_after timestamptz not null default now(),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  result jsonb,
  -- The text that the step makes, saved while it grows (append_chunk), so that clients can follow and resume
  -- it like a turn's reply.
  generation_id uuid references public.generations (generation_id) on delete set null,
  error text check (char_length(error) <= 1000),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  -- How many of the attempts ended without a word of the worker: it trapped, or took too long.
  lost_attempts integer not null default 0 check (lost_attempts >= 0),
  primary key (job_id, step),
  constraint job_steps_finish_once
    check ((status in ('done', 'failed', 'dropped')) = (finished_at is not null)),
  constraint job_steps_run_with_a_lease
    check (status <> 'running' or (lease_token is not null and leased_until is not null)),
  foreign key (job_id, owner_id)
    references public.jobs (job_id, owner_id) on delete cascade on update cascade
);

comment on table public.job_steps is 'Units of work for the functions. Not readable over REST.';

-- An owner's open steps of a kind, the longest waiting first.
create index job_steps_due_of_owner on public.job_steps (owner_id, kind, run_after, job_id, step)
  where status in ('queued', 'running');
-- Whether any step is due.
create index job_steps_due on public.job_steps (run_after) where status in ('queued', 'running');
-- A job's unfinished steps, separate from the finished ones, because a long job has many.
create index job_steps_open on public.job_steps (job_id, step)
  where status in ('waiting', 'queued', 'running');
create index job_steps_of_generation on public.job_steps (generation_id);

alter table public.job_steps enable row level security;
