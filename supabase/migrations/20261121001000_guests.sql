-- Guests who sign in take along what they have made; those who never come back are removed.

-- Giving a row to another owner is no change of what it says: lists keep their order.
create or replace trigger touch_updated_at before update on public.projects
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
create or replace trigger touch_updated_at before update on public.sessions
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
create or replace trigger touch_updated_at before update on public.messages
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

-- Guests by age, for the cleaning.
create index guests_by_expiry on public.principals (expires_at) where kind = 'guest';

-- A name that nobody has: 91 characters of the given one, and 37 that make it unique.
create function private.rename(name text) returns text
language sql volatile parallel safe
return pg_catalog.left(name, 91) || '-' || pg_catalog.gen_random_uuid();

-- Gives new names to what the guest has named as the account has named something else.
create function private.rename_clashes(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  renamed record;
begin
  update public.sessions ours
  set external_id = private.rename(ours.external_id)
  where ours.owner_id = guest_id and exists (
    select from public.sessions theirs
    where theirs.owner_id = account_id
      and theirs.kind = ours.kind and theirs.external_id = ours.external_id);

  update public.generations ours
  set idempotency_key = private.rename(ours.idempotency_key)
  where ours.owner_id = guest_id and exists (
    select from public.generations theirs
    where theirs.owner_id = account_id and theirs.idempotency_key = ours.idempotency_key);

  for renamed in
    update public.generations ours
    set stream_id = private.rename(ours.stream_id)
    where ours.owner_id = guest_id and exists (
      select from public.generations theirs
      where theirs.owner_id = account_id and theirs.stream_id = ours.stream_id)
    returning ours.message_id, ours.stream_id
  loop
    update public.messages
    set metadata = jsonb_set(metadata, '{stream_id}', to_jsonb(renamed.stream_id))
    where message_id = renamed.message_id;
  end loop;
end
$$;

-- Gives everything of the guest to the account; counts it as {projects, sessions, messages,
-- dossiers}. The caller has locked both principals.
create function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.usage set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

-- Gives everything of a guest to an account: {principal, guest, body: {temp_user_id,
-- permanent_user_id}}. The edge has proven both; guest is {"kind": "guest", "token_hash"} or an
-- anonymous Supabase user, {"kind": "user", "issuer", "subject"}. Answers {message, already,
-- user_id, migrated}; calling again changes nothing and says `already`.
create function public.migrate_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  account_id uuid := private.resolve_principal(request -> 'principal');
  guest jsonb := request -> 'guest';
  guest_id uuid;
  principal public.principals;
  is_moved boolean;
  moved jsonb := '{"projects": 0, "sessions": 0, "messages": 0, "dossiers": 0}';
begin
  if request -> 'principal' ->> 'kind' not in ('user', 'external') then
    perform private.refuse(403, 'forbidden',
      'A guest cannot take over a guest: sign in, and send that token as the bearer.');
  end if;
  if guest ->> 'kind' is null or guest ->> 'kind' not in ('guest', 'user') then
    perform private.refuse(422, 'invalid_request', 'guest.kind must be guest or user.');
  end if;
  guest_id := (private.find_principal(guest)).id;
  if guest_id is null then
    -- An anonymous user who has done nothing here has nothing to move, which is no fault.
    guest_id := private.resolve_principal(guest);
  end if;
  if private.read_id(request -> 'body', 'permanent_user_id') is distinct from account_id then
    perform private.refuse(403, 'forbidden',
      'permanent_user_id must be the id of the account whose token is sent.');
  end if;
  if private.read_id(request -> 'body', 'temp_user_id') is distinct from guest_id then
    perform private.refuse(403, 'forbidden',
      'temp_user_id must be the id of the guest whose token is sent.');
  end if;

  if guest_id <> account_id then
    -- Both, so that neither can go away, and migrations to one account come one after the other.
    perform from public.principals where id in (guest_id, account_id) order by id for update;
    select * into principal from public.principals where id = account_id;
    perform private.require_current(principal);
    select * into principal from public.principals where id = guest_id;
    if not found then
      perform private.require_current(principal);
    end if;
    if principal.migrated_to <> account_id then
      perform private.refuse(403, 'forbidden',
        'This guest has moved to another account: sign in to that one.');
    end if;
    is_moved := principal.migrated_to is not null;
    if not is_moved then
      moved := private.move_belongings(guest_id, account_id);
      update public.principals
      set migrated_to = account_id, last_seen_at = clock_timestamp()
      where id = guest_id;
    end if;
  end if;

  return private.answer(jsonb_build_object(
    'message', case
      when is_moved is false then 'Everything of the guest belongs to the account now.'
      else 'Everything of the guest belongs to the account already.'
    end,
    'already', is_moved is distinct from false,
    'user_id', account_id,
    'migrated', moved));
end
$$;

-- Removes guests whose time is over, with all that is theirs, and what is kept of moved guests and
-- of deleted accounts: {limit?}, of guests in one call; returns {deleted}, of those. Background
-- work calls it, for nobody.
create function public.delete_expired_guests(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Bounds how long one call holds locks; a call an hour removes 12,000 a day.
  default_limit constant integer := 500;
  max_limit constant integer := 10000;
  silence_limit constant interval := '60 seconds';
  -- An anonymous user's principal has no expiry of its own.
  moved_user_lifetime constant interval := '30 days';
  -- The longest that a token of Supabase Auth can be valid.
  longest_token_life constant interval := '7 days';
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= clock_timestamp()
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > clock_timestamp() - silence_limit)
    order by expires_at
    limit guests_left
    for update skip locked
  loop
    perform private.lock_belongings(guest_id);
    delete from public.principals where id = guest_id;
    deleted := deleted + 1;
  end loop;

  delete from public.principals
  where migrated_to is not null and kind = 'user'
    and last_seen_at < clock_timestamp() - moved_user_lifetime;
  delete from public.deleted_accounts
  where deleted_at < clock_timestamp() - longest_token_life;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function
  private.rename(text),
  private.rename_clashes(uuid, uuid),
  private.move_belongings(uuid, uuid),
  public.migrate_guest(jsonb),
  public.delete_expired_guests(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.rename(text),
  private.rename_clashes(uuid, uuid),
  private.move_belongings(uuid, uuid),
  public.migrate_guest(jsonb),
  public.delete_expired_guests(jsonb)
to service_role;

-- Hourly, where the database has a clock of its own. The development server has a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-delete-expired-guests', '23 * * * *',
      $job$select public.delete_expired_guests('{}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'expired guests are not deleted by pg_cron: %', sqlerrm;
end
$$;
