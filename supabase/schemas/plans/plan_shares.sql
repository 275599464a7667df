-- Shares of their owners' plans that jobs and turns have. While a share is open, its unused reservation
-- counts as used; once it is settled, only the actual usage counts.
create table public.plan_shares (
  -- The job or the turn (its generation_id). Without a foreign key: calls that are reported after the
  -- deletion of the job count too. The owner's own id: the sum of what shares of the month have
  -- used that were added up (private.add_up_shares).
  source_id uuid not null,
  -- The first day of the month in which the share was taken, in UTC. The whole share counts in this month.
  month date not null check (extract(day from month) = 1),
  -- Without a foreign key: its check would lock the principal after the job, against the lock order. A
  -- trigger removes a principal's rows (delete_plan_shares.sql).
  owner_id uuid not null,
  reserved_calls bigint not null check (reserved_calls >= 0),
  reserved_tokens bigint not null check (reserved_tokens >= 0),
  reserved_images bigint not null check (reserved_images >= 0),
  -- The ledger's sums of the job or the turn.
  used_calls bigint not null default 0 check (used_calls >= 0),
  used_tokens bigint not null default 0 check (used_tokens >= 0),
  used_images bigint not null default 0 check (used_images >= 0),
  -- When the job or the turn ended; null: it is open.
  settled_at timestamptz,
  -- Without anything that its end leaves to be taken again, as the share of a turn: some time after its end it
  -- is added to the owner's sum.
  is_added_up boolean not null default false,
  constraint plan_shares_pkey primary key (source_id, month)
);

comment on table public.plan_shares is 'The shares of plans that jobs and turns use. Not readable over REST.';

-- An owner's shares of a month, to sum them up.
create index plan_shares_of_owner on public.plan_shares (owner_id, month);
-- The reservations of everybody.
create index plan_shares_open on public.plan_shares (owner_id) where settled_at is null;
-- For the deletion of old shares.
create index plan_shares_by_month on public.plan_shares (month) where settled_at is not null;

alter table public.plan_shares enable row level security;
