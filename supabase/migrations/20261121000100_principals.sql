-- Who owns things: users of Supabase Auth, guests, and users of another issuer.

-- What REST does not expose: functions that policies and engine functions share.
create schema private;
revoke all on schema private from public;

create table public.principals (
  -- A Supabase user's `sub`; for everybody else an id of our own. There is no foreign key to
  -- auth.users: a plain PostgreSQL has no such table.
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('user', 'guest', 'external')),
  issuer text check (char_length(issuer) between 1 and 512),
  subject text check (char_length(subject) between 1 and 512),
  -- SHA-256 of the token that was shown to the guest once, as hexadecimal digits.
  guest_token_hash text unique check (guest_token_hash ~ '^[0-9a-f]{64}$'),
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  unique (issuer, subject),
  constraint principals_have_credentials_of_their_kind check (
    case kind
      when 'guest' then issuer is null and subject is null and expires_at is not null
      else issuer is not null and subject is not null
        and guest_token_hash is null and expires_at is null
    end
  ),
  constraint users_keep_the_id_of_their_token check (kind <> 'user' or subject = id::text)
);

alter table public.principals enable row level security;

comment on table public.principals is
  'Owners of everything. Not readable over REST, because it holds the hashes of guest tokens.';

-- The principal of the request's token, null when it has none. Policies ask this and nothing else.
-- Security definer: callers may not read principals themselves.
create function private.current_principal() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  -- PostgREST sets the claims, the embedded Supabase the single settings too; after a transaction
  -- both are empty rather than unset.
  claims jsonb := coalesce(
    nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
  token_subject text := coalesce(
    claims ->> 'sub', nullif(current_setting('request.jwt.claim.sub', true), ''));
  principal_id uuid;
begin
  if token_subject ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    select id into principal_id
    from public.principals
    where id = token_subject::uuid and kind in ('user', 'guest');
  end if;
  if principal_id is null then
    select id into principal_id
    from public.principals
    where issuer = claims ->> 'iss' and subject = token_subject and kind = 'external';
  end if;
  return principal_id;
end
$$;
