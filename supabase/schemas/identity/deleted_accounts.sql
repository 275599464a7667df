-- Prevents a token that is still valid from restoring a deleted account, and tells how far its erasure is.
create table public.deleted_accounts (
  -- The identity whose tokens must not create an account again; nothing else is kept about it.
  identity_hash text primary key check (identity_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now(),
  -- The deletion, whose state anybody who knows this id may ask; identities of one account have the same one.
  deletion_id uuid not null default gen_random_uuid(),
  -- When the last row of the account was erased; null: something is left.
  erased_at timestamptz
);

comment on table public.deleted_accounts is
  'Hashes of the identities of deleted accounts, for a week. Not readable over REST.';

-- Rows that are older than any token.
create index deleted_accounts_by_age on public.deleted_accounts (deleted_at);
-- A deletion's rows, for its state.
create index deleted_accounts_by_deletion on public.deleted_accounts (deletion_id);

alter table public.deleted_accounts enable row level security;
