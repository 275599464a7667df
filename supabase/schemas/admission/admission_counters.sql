-- The use that network prefixes and the deployment have made of their limits. A counter has several rows, each with
-- its part of the limit, because every beginning call holds one until its transaction ends: a call that has
-- to wait for another lock must not delay all others of its prefix.
create table public.admission_counters (
  -- deployment, deployment_guests, new_guests, prefix:HASH, new_guests:HASH or public_bot:ID.
  scope text not null check (char_length(scope) between 1 and 128),
  part integer not null check (part between 0 and 15),
  -- When the part's whole allowance is available again.
  full_at timestamptz not null,
  primary key (scope, part)
);

comment on table public.admission_counters is
  'One timestamp for each part of a counter. Not readable over REST.';

-- Counters that are full again, which the cleaner deletes.
create index admission_counters_by_age on public.admission_counters (full_at);

alter table public.admission_counters enable row level security;
