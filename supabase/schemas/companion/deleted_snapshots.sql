-- Conversations with companions whose rows are deleted, perhaps with their account, and whose snapshots
-- in Storage must still be deleted (wasm/engine/snapshots.hpp). An id identifies nobody.
create table public.deleted_snapshots (
  conversation_id uuid primary key,
  -- The time of the next attempt.
  try_after timestamptz not null default now()
);

comment on table public.deleted_snapshots is 'Files to delete. Not readable over REST.';

create index deleted_snapshots_due on public.deleted_snapshots (try_after);

alter table public.deleted_snapshots enable row level security;
