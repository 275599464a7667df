-- How the bytes of text that principals store have changed, to be added up. A change is a row of its own: a
-- counter would be locked by every transaction that stores something, in any order. The text of
-- deleted sessions is not counted, once the cleaner has taken it away.
create table public.stored_byte_changes (
  change_id bigint generated always as identity primary key,
  -- Without a foreign key: its check would lock the principal against the lock order. A trigger removes a
  -- principal's rows (delete_stored_byte_changes.sql).
  owner_id uuid not null,
  bytes bigint not null,
  -- The transaction that has stored it; 0 for a sum of earlier changes.
  transaction_id xid8 not null default pg_current_xact_id()
);

comment on table public.stored_byte_changes is 'The bytes that principals store. Not readable over REST.';

-- A principal's changes, to add them up.
create index stored_byte_changes_of_owner on public.stored_byte_changes (owner_id);

alter table public.stored_byte_changes enable row level security;
