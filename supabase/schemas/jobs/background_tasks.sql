-- Work that is done after a turn, as rows that workers claim.
--
-- Locks are taken in the order session, task. Claiming takes a task alone, and waits for nobody.
create table public.background_tasks (
  task_id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('session_summary', 'dossier_extraction')),
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
  constraint background_tasks_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade
);

comment on table public.background_tasks is 'Work for the functions. Not readable over REST.';

-- One task of a kind is enough for a session.
create unique index background_task_open on public.background_tasks (session_id, kind)
  where status in ('queued', 'running');
-- Tasks to claim, the longest waiting first.
create index background_tasks_due on public.background_tasks (run_after)
  where status in ('queued', 'running');
-- A session's tasks, which go with it.
create index background_tasks_of_session on public.background_tasks (session_id, kind, created_at);

alter table public.background_tasks enable row level security;
