-- Profiles, and the end of an account: everything that is a principal's goes with it, and a token
-- that is still valid does not bring it back.

-- A guest who has become somebody's account. The row stays for a while, so that asking for it again
-- is answered and the guest's token is refused for the right reason.
alter table public.principals
  add column migrated_to uuid references public.principals (id) on delete cascade,
  add constraint guests_move_to_somebody_else
    check (migrated_to is null or (migrated_to <> id and kind <> 'external'));

-- The guests of an account.
create index principals_migrated on public.principals (migrated_to);

create table public.profiles (
  owner_id uuid primary key references public.principals (id) on delete cascade,
  email text check (char_length(email) between 1 and 320),
  display_name text check (char_length(display_name) between 1 and 200),
  avatar_url text check (char_length(avatar_url) between 1 and 2048),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table public.deleted_accounts (
  -- Of whose tokens must not make an account again; nothing else is kept of them.
  identity_hash text primary key check (identity_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);

-- Those that are older than any token.
create index deleted_accounts_by_age on public.deleted_accounts (deleted_at);

alter table public.profiles enable row level security;
alter table public.deleted_accounts enable row level security;

comment on table public.deleted_accounts is
  'Hashes of the identities of deleted accounts, for a week. Not readable over REST.';

create policy own_profile_is_readable on public.profiles for select to authenticated
  using (owner_id = (select private.current_principal()));

-- SHA-256 of who a caller is, as hexadecimal digits. A Supabase user is known by the id alone,
-- because the address of the issuer may change.
create function private.identity_hash(caller jsonb) returns text
language sql immutable parallel safe
return pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
  case caller ->> 'kind'
    when 'user' then pg_catalog.jsonb_build_array('user', pg_catalog.lower(caller ->> 'subject'))
    when 'external' then
      pg_catalog.jsonb_build_array('external', caller ->> 'issuer', caller ->> 'subject')
    else pg_catalog.jsonb_build_array('guest', caller ->> 'token_hash')
  end::text, 'UTF8')), 'hex');

-- Whether the account has been deleted after the caller's token was made. Users of another issuer
-- keep their identity there, and may begin anew with a new token (its `issued_at`, in seconds).
create function private.is_deleted(caller jsonb) returns boolean
language sql stable
return exists (
  select from public.deleted_accounts
  where identity_hash = private.identity_hash(caller)
    and pg_catalog.date_trunc('second', deleted_at) >= coalesce(
      pg_catalog.to_timestamp((caller ->> 'issued_at')::double precision), '-infinity'));

-- The principal, who may have moved; a row of nulls when there is none. Takes what
-- private.resolve_principal takes.
create function private.find_principal(caller jsonb) returns public.principals
language plpgsql stable set search_path = '' as $$
declare
  principal public.principals;
begin
  case caller ->> 'kind'
    when 'user' then
      select * into principal from public.principals
      where id = private.read_id(caller, 'subject') and kind = 'user';
    when 'external' then
      select * into principal from public.principals
      where issuer = caller ->> 'issuer' and subject = caller ->> 'subject' and kind = 'external';
    when 'new_guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash';
    when 'guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash' and expires_at > clock_timestamp();
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest or new_guest.');
  end case;
  return principal;
end
$$;

-- Refuses principals that are not there, and guests who have moved.
create function private.require_current(principal public.principals) returns void
language plpgsql set search_path = '' as $$
begin
  if principal.id is null then
    perform private.refuse(401, 'invalid_token',
      'This token is unknown or has expired: sign in again, or go on without it as a new guest.');
  end if;
  if principal.migrated_to is not null then
    perform private.refuse(401, 'invalid_token',
      'This guest has moved to an account: sign in to that account.');
  end if;
end
$$;

-- The principal's id; a user or a guest who is new is stored first. Takes one of
--   {"kind": "user", "issuer", "subject"}
--   {"kind": "external", "issuer", "subject", "issued_at" of the token in seconds, if it says so}
--   {"kind": "guest" | "new_guest", "token_hash"}
-- Holds a guest until the transaction ends, so that migrate_guest takes along what it does.
create or replace function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + guest_lifetime
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse(401, 'invalid_token',
        'This account has been deleted: sign up again, or go on without it as a new guest.');
    end if;
    principal := private.find_principal(caller);
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for key share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

-- Nothing new for an owner who is gone or has moved meanwhile: resolve_principal does not hold
-- users as it holds guests, because most calls only read.
create function private.hold_owner() returns trigger
language plpgsql set search_path = '' as $$
declare
  holder public.principals;
begin
  select * into holder from public.principals where id = new.owner_id for key share;
  perform private.require_current(holder);
  return new;
end
$$;

create trigger hold_owner before insert on public.projects
  for each row execute function private.hold_owner();
create trigger hold_owner before insert on public.sessions
  for each row execute function private.hold_owner();
create trigger hold_owner before insert on public.profiles
  for each row execute function private.hold_owner();

-- Waits until nobody works on what is the principal's, and keeps others away until the transaction
-- ends; false when there is no such principal. Without it, cascades would take the rows in an order
-- of their own, and wait for others crosswise.
create function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for update;
  if not found then
    return false;
  end if;
  perform from public.projects where owner_id = principal_id order by project_id for update;
  perform from public.dossiers where owner_id = principal_id order by project_id for update;
  perform from public.sessions where owner_id = principal_id order by session_id for update;
  return true;
end
$$;

-- Removes a user of Supabase Auth, who can neither sign in nor refresh a token then; nothing where
-- there is no Supabase Auth. Security definer: the tables belong to Auth, and the owner of the
-- migrations alone may write them.
create function private.delete_auth_user(deleted_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  related regclass;
begin
  if to_regclass('auth.users') is null then
    return;
  end if;
  delete from auth.users where id = deleted_user_id;
  -- What has no foreign key: codes of unfinished sign-ins, and refresh tokens of old.
  for related in
    select attribute.attrelid::regclass
    from pg_attribute attribute
    join pg_class class on class.oid = attribute.attrelid
    where class.relnamespace = 'auth'::regnamespace and class.relkind in ('r', 'p')
      and attribute.attname = 'user_id' and not attribute.attisdropped
      and has_table_privilege(class.oid, 'select') and has_table_privilege(class.oid, 'delete')
  loop
    execute format('delete from %s where user_id = %L', related, deleted_user_id);
  end loop;
  -- Auth's own log names people by id and address.
  if to_regclass('auth.audit_log_entries') is not null
    and has_table_privilege('auth.audit_log_entries', 'select')
    and has_table_privilege('auth.audit_log_entries', 'delete')
  then
    delete from auth.audit_log_entries
    where strpos(payload::text, deleted_user_id::text) > 0;
  end if;
end
$$;

-- What callers see of a principal; null where nothing was ever saved.
create function private.profile_of(principal_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal public.principals;
  profile public.profiles;
begin
  select * into principal from public.principals where id = principal_id;
  perform private.act_as(principal_id);
  select * into profile from public.profiles where owner_id = principal_id;
  perform set_config('role', own_role, true);
  return jsonb_build_object(
    'user_id', principal_id,
    'kind', principal.kind,
    'email', profile.email,
    'display_name', profile.display_name,
    'avatar_url', profile.avatar_url,
    'created_at', private.iso(profile.created_at),
    'updated_at', private.iso(profile.updated_at));
end
$$;

-- Grows with every change of the profile; 0 before the first.
create function private.profile_etag(principal_id uuid) returns text
language sql stable
return coalesce((
  select (extract(epoch from updated_at) * 1000000)::bigint
  from public.profiles where owner_id = principal_id), 0)::text;

-- The text under this key, without spaces around it; null when it is absent or null.
create function private.read_profile_text(
  body jsonb, key text, max_characters integer, pattern text, rule text
) returns text
language plpgsql set search_path = '' as $$
declare
  value text := btrim(body ->> key);
begin
  if value is not null and (
    jsonb_typeof(body -> key) <> 'string' or char_length(value) not between 1 and max_characters
    or value !~ pattern)
  then
    perform private.refuse(422, 'invalid_request',
      format('%s must be %s, or null to remove it.', key, rule));
  end if;
  return value;
end
$$;

-- The caller's profile: {principal}.
create function public.read_profile(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(
    private.profile_of(principal_id), etag => private.profile_etag(principal_id));
end
$$;

-- Makes or changes the caller's profile: {principal, body: {user_id?, email?, display_name?,
-- avatar_url?}}. What is absent stays; null removes.
create function public.save_profile(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body jsonb := coalesce(request -> 'body', '{}');
  new_email text;
  new_display_name text;
  new_avatar_url text;
  is_new boolean;
begin
  if jsonb_typeof(body) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'The body must be an object.');
  end if;
  if private.read_id(body, 'user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'user_id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  new_email := private.read_profile_text(body, 'email', 320, '^[^@[:space:]]+@[^@[:space:]]+$',
    'an address with an @ of at most 320 characters');
  new_display_name := private.read_profile_text(body, 'display_name', 200, '',
    'text of 1 to 200 characters');
  new_avatar_url := private.read_profile_text(body, 'avatar_url', 2048, '^https?://[^[:space:]]+$',
    'an http or https URL of at most 2048 characters');

  insert into public.profiles (owner_id) values (principal_id) on conflict do nothing;
  is_new := found;
  update public.profiles
  set email = case when body ? 'email' then new_email else email end,
      display_name = case when body ? 'display_name' then new_display_name else display_name end,
      avatar_url = case when body ? 'avatar_url' then new_avatar_url else avatar_url end,
      updated_at = case when is_new then updated_at else clock_timestamp() end
  where owner_id = principal_id;
  return private.answer(
    private.profile_of(principal_id),
    case when is_new then 201 else 200 end,
    private.profile_etag(principal_id));
end
$$;

-- Removes the caller and everything that is theirs: {principal}. Answers the same when that has
-- happened already.
create function public.delete_account(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  caller jsonb := request -> 'principal';
  principal_id uuid := (private.find_principal(caller)).id;
  -- Guests who are Supabase's anonymous users and have moved here, and the caller if a user.
  auth_user_ids uuid[];
begin
  -- A user may be new to us and still want the account at Supabase Auth to be removed.
  if principal_id is null and not private.is_deleted(caller) then
    principal_id := private.resolve_principal(caller);
  end if;
  if private.lock_belongings(principal_id) then
    perform private.require_current(principal)
    from public.principals principal
    where principal.id = principal_id;

    select array_agg(id) into auth_user_ids
    from public.principals
    where kind = 'user' and (id = principal_id or migrated_to = principal_id);
    insert into public.deleted_accounts (identity_hash)
    select private.identity_hash(caller)
    union
    select private.identity_hash(jsonb_build_object('kind', 'user', 'subject', user_id))
    from unnest(auth_user_ids) user_id
    on conflict (identity_hash) do update set deleted_at = excluded.deleted_at;
    perform private.delete_auth_user(user_id) from unnest(auth_user_ids) user_id;
    delete from public.principals where id = principal_id;
  end if;
  return private.answer(jsonb_build_object(
    'message', 'Your account and everything in it has been deleted.'));
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.identity_hash(jsonb),
  private.is_deleted(jsonb),
  private.find_principal(jsonb),
  private.require_current(public.principals),
  private.hold_owner(),
  private.lock_belongings(uuid),
  private.delete_auth_user(uuid),
  private.profile_of(uuid),
  private.profile_etag(uuid),
  private.read_profile_text(jsonb, text, integer, text, text),
  public.read_profile(jsonb),
  public.save_profile(jsonb),
  public.delete_account(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.identity_hash(jsonb),
  private.is_deleted(jsonb),
  private.find_principal(jsonb),
  private.require_current(public.principals),
  private.lock_belongings(uuid),
  private.delete_auth_user(uuid),
  private.profile_of(uuid),
  private.profile_etag(uuid),
  private.read_profile_text(jsonb, text, integer, text, text),
  public.read_profile(jsonb),
  public.save_profile(jsonb),
  public.delete_account(jsonb)
to service_role;
