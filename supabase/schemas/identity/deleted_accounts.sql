-- A token that is still valid does not bring a deleted account back.
create table public.deleted_accounts (
  -- Of whose tokens must not make an account again; nothing else is kept of them.
  identity_hash text primary key check (identity_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);

comment on table public.deleted_accounts is
  'Hashes of the identities of deleted accounts, for a week. Not readable over REST.';

-- Those that are older than any token.
create index deleted_accounts_by_age on public.deleted_accounts (deleted_at);

alter table public.deleted_accounts enable row level security;
