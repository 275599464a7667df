-- Jobs' shares of their owners' plans. While a share is open, its unused reservation counts as used; once it
-- is settled, only the actual usage counts.
create table public.plan_shares (
  -- Without a foreign key: calls that are reported after the job's deletion count too.
  job_id uuid not null,
  -- The first day of the month in which the share was taken, in UTC. The whole share counts in this month.
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
-- For the deletion of old shares.
create index plan_shares_by_month on public.plan_shares (month) where settled_at is not null;

alter table public.plan_shares enable row level security;
