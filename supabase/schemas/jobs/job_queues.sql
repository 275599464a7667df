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
