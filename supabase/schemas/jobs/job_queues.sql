-- The queue of owners, for each kind: who is served next. A row is a hint, which claim_step corrects: the
-- owner has no due step before next_due_at, and may have none then.
create table public.job_queues (
  -- Without a foreign key: its check would lock the principal at the end of a turn, after the session,
  -- against the lock order. A trigger removes a principal's rows (delete_job_queues.sql).
  owner_id uuid not null,
  kind text not null,
  -- When a worker last claimed a step of this owner, of any kind, and later if workers were lost; until then,
  -- when the row was made.
  served_at timestamptz not null,
  next_due_at timestamptz not null,
  -- Workers that this work has cost since the last steps that were done: each puts the owner further back
  -- (mend_queue.sql).
  lost_steps integer not null default 0 check (lost_steps >= 0),
  primary key (owner_id, kind)
);

comment on table public.job_queues is 'Owners whose work waits. Not readable over REST.';

-- The owners of a kind, the longest waiting first.
create index job_queues_by_turn on public.job_queues (kind, served_at, next_due_at);

alter table public.job_queues enable row level security;
