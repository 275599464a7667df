-- Conversations with companions whose rows are gone, with their account perhaps, and whose snapshots in
-- Storage are still to be deleted (wasm/engine/snapshots.hpp). An id says nothing of anybody.
create table public.deleted_snapshots (
  conversation_id uuid primary key,
  -- When it is tried again.
  try_after timestamptz not null default now()
);

comment on table public.deleted_snapshots is 'Files to delete. Not readable over REST.';

create index deleted_snapshots_due on public.deleted_snapshots (try_after);

alter table public.deleted_snapshots enable row level security;
