-- The owners of all data: users of Supabase Auth, guests, and users of other issuers.
create table public.principals (
  -- A Supabase user's `sub`; for all others an id of our own. There is no foreign key to auth.users,
  -- because a plain PostgreSQL has no such table.
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('user', 'guest', 'external')),
  issuer text check (char_length(issuer) between 1 and 512),
  subject text check (char_length(subject) between 1 and 512),
  -- SHA-256 of the token that was shown to the guest once, as hexadecimal digits.
  guest_token_hash text unique check (guest_token_hash ~ '^[0-9a-f]{64}$'),
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  -- The account to which a guest was moved. The row is kept for a while, so that a repeated move is
  -- answered, and the guest's token is refused with the right reason.
  migrated_to uuid references public.principals (id) on delete cascade,
  -- Since when the operator lets the principal do nothing; null: they are not suspended.
  suspended_at timestamptz,
  -- When the account was deleted. From then on nobody is this principal, and nothing of it is readable; the
  -- rows are erased in batches (erasure/erase_step.sql), this one last.
  deleted_at timestamptz,
  -- How far Supabase Auth's log has been searched for the deleted user (erasure/erase_auth_log.sql).
  auth_log_read_to uuid,
  -- Supabase Auth has had the user: if it has them no longer, they were deleted there
  -- (cleaning/mark_removed_users.sql).
  is_auth_user boolean not null default false,
  -- The deletion of the account whose state its former owner may ask (deletions.sql).
  deletion_id uuid,
  -- The plan that the newest token has named (FABULA_PLAN_CLAIM), which may not exist; null: none.
  claimed_plan text check (char_length(claimed_plan) <= 64),
  constraint principals_issuer_subject_key unique (issuer, subject),
  constraint principals_have_credentials_of_their_kind check (
    case kind
      when 'guest' then issuer is null and subject is null and expires_at is not null
      else issuer is not null and subject is not null
        and guest_token_hash is null and expires_at is null
    end
  ),
  constraint users_keep_the_id_of_their_token check (kind <> 'user' or subject = id::text),
  constraint guests_move_to_somebody_else
    check (migrated_to is null or (migrated_to <> id and kind <> 'external'))
);

comment on table public.principals is
  'Owners of everything. Not readable over REST, because it holds the hashes of guest tokens.';

-- The guests of an account.
create index principals_migrated on public.principals (migrated_to);
-- Guests by expiry, for the clean-up.
create index guests_by_expiry on public.principals (expires_at) where kind = 'guest';

-- All accounts, the newest first, for the operator.
create index principals_by_age on public.principals (created_at desc, id);
-- Deleted accounts that are not erased yet, the oldest first.
create index principals_to_erase on public.principals (deleted_at) where deleted_at is not null;

alter table public.principals enable row level security;
