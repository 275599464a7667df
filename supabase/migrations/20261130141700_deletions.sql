-- The state of an account's deletion, which its former owner can ask for. Like the schema files.

alter table public.deleted_accounts
  add column deletion_id uuid not null default gen_random_uuid(),
  add column erased_at timestamptz;
-- Accounts were erased in the transaction that deleted them.
update public.deleted_accounts set erased_at = deleted_at;
create index deleted_accounts_by_deletion on public.deleted_accounts (deletion_id);

alter table public.principals add column deletion_id uuid;

-- Notes that a principal, who is locked, is being deleted, with all identities whose tokens are refused from
-- now on.
create function private.note_deletion(deleted_id uuid, identity_hashes text[]) returns void
language plpgsql set search_path = '' as $$
declare
  new_id constant uuid := gen_random_uuid();
begin
  insert into public.deleted_accounts (identity_hash, deleted_at, deletion_id)
  select identity_hash, now(), new_id from unnest(identity_hashes) as noted (identity_hash)
  group by identity_hash
  order by identity_hash
  on conflict (identity_hash) do update
  set deleted_at = excluded.deleted_at, deletion_id = excluded.deletion_id, erased_at = null;
  update public.principals set deletion_id = new_id where id = deleted_id;
end
$$;

-- The principal's row is erased last: notes that nothing is left.
create function private.note_erasure() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.deleted_accounts set erased_at = clock_timestamp()
  where deletion_id = old.deletion_id;
  return null;
end
$$;

create trigger principals_note_erasure after delete on public.principals
for each row when (old.deletion_id is not null) execute function private.note_erasure();

-- The deletion for its former owner. It names nobody.
create function private.describe_deletion(deletion public.deleted_accounts) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'deletion_id', deletion.deletion_id,
  'status', case when deletion.erased_at is null then 'pending' else 'erased' end,
  'message', case
    when deletion.erased_at is null then
      'The account is deleted, and everything in it is being erased, usually within minutes.'
    else 'The account and everything in it has been deleted.'
  end,
  'deleted_at', private.iso(deletion.deleted_at),
  'erase_by', private.iso(deletion.deleted_at + interval '30 days'),
  'erased_at', private.iso(deletion.erased_at));

-- For anybody who knows the id: {deletion_id}. It is kept as long as the hashes are.
create function public.read_deletion(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  deletion public.deleted_accounts;
begin
  select * into deletion from public.deleted_accounts
  where deletion_id = private.read_id(request, 'deletion_id')
  limit 1;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such deletion: a week after the account was erased nothing is known about it.');
  end if;
  return private.answer(private.describe_deletion(deletion));
end
$$;

revoke all on function
  private.note_deletion(uuid, text[]),
  private.note_erasure(),
  private.describe_deletion(public.deleted_accounts),
  public.read_deletion(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.note_deletion(uuid, text[]),
  private.note_erasure(),
  private.describe_deletion(public.deleted_accounts),
  public.read_deletion(jsonb)
to service_role;

create or replace function public.delete_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- More rows than this are erased in batches.
  max_rows constant integer := 1000;
  caller jsonb := request -> 'principal';
  principal public.principals := private.find_principal(caller);
  principal_id uuid := principal.id;
  is_erased boolean;
  deletion public.deleted_accounts;
begin
  -- A user without a row here may still want the account at Supabase Auth to be deleted.
  if principal_id is null and not private.is_deleted(caller) then
    principal_id := private.resolve_principal(caller);
  end if;
  select * into principal from public.principals where id = principal_id for no key update;
  if principal.id is not null and principal.deleted_at is null then
    perform private.require_current(principal);
    perform private.note_deletion(principal_id, array(
      select private.identity_hash(caller)
      union
      select private.identity_hash(jsonb_build_object('kind', 'user', 'subject', id))
      from public.principals
      where kind = 'user' and (id = principal_id or migrated_to = principal_id)));
    is_erased := private.owns_at_most(principal_id, max_rows);
    if is_erased then
      perform private.lock_belongings(principal_id);
    end if;
    perform private.mark_deleted(principal_id);
    perform private.delete_auth_user(id)
    from public.principals
    where kind = 'user' and (id = principal_id or migrated_to = principal_id);
    is_erased := is_erased and private.erase_auth_log(principal_id, max_rows) < max_rows;
    if is_erased then
      delete from public.principals where id = principal_id;
    end if;
  end if;
  select * into deletion from public.deleted_accounts
  where identity_hash = private.identity_hash(caller);
  return private.answer(private.describe_deletion(deletion), 202);
end
$$;

create or replace function public.delete_expired_guests(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds locks; a call an hour removes 12,000 a day.
  default_limit constant integer := 500;
  max_limit constant integer := 10000;
  -- More rows of one guest than this are erased in batches.
  max_rows constant integer := 1000;
  silence_limit constant interval := '60 seconds';
  -- An anonymous user's principal has no expiry of its own.
  moved_user_lifetime constant interval := '30 days';
  accounts_kept_from constant timestamptz := clock_timestamp() - private.retention_of('deleted_accounts');
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= clock_timestamp() and deleted_at is null
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > clock_timestamp() - silence_limit)
    order by expires_at
    limit guests_left
    for no key update skip locked
  loop
    if private.owns_at_most(guest_id, max_rows) then
      perform private.lock_belongings(guest_id);
      delete from public.principals where id = guest_id;
    else
      perform private.mark_deleted(guest_id);
    end if;
    deleted := deleted + 1;
  end loop;

  delete from public.principals
  where id = any (array(
    select id from public.principals
    where migrated_to is not null and kind = 'user'
      and last_seen_at < clock_timestamp() - moved_user_lifetime
    limit max_limit));
  delete from public.deleted_accounts
  where identity_hash = any (array(
    select identity_hash from public.deleted_accounts
    where deleted_at < accounts_kept_from and erased_at is not null
    limit max_limit));
  return jsonb_build_object('deleted', deleted);
end
$$;

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
      select private.read_id(caller, 'subject'), 'user', 'supabase',
        private.read_id(caller, 'subject')::text, null, null
      where caller ->> 'kind' = 'named'
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
      perform private.refuse_deleted_account();
    end if;
    principal := private.find_principal(caller);
  end if;
  if principal.id is null and private.is_deleted(caller) then
    perform private.refuse_deleted_account();
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
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

create or replace function private.mark_removed_users(row_limit integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  pause constant interval := '30 minutes';
  state public.cleaning_state;
  user_ids uuid[];
  removed_id uuid;
begin
  if to_regclass('auth.users') is null or not has_table_privilege('auth.users', 'select') then
    return 0;
  end if;
  select * into state from public.cleaning_state for no key update skip locked;
  if not found or state.users_read_to is null and state.round_ended_at > clock_timestamp() - pause then
    return 0;
  end if;
  user_ids := array(
    select id from public.principals
    where id > coalesce(state.users_read_to, '00000000-0000-0000-0000-000000000000')
    order by id
    limit row_limit);
  if user_ids = '{}' then
    update public.cleaning_state set users_read_to = null, round_ended_at = clock_timestamp();
    return 0;
  end if;
  update public.cleaning_state set users_read_to = user_ids[cardinality(user_ids)];
  update public.principals
  set is_auth_user = true
  where id = any (array(
    select id from public.principals
    where id = any (user_ids) and kind = 'user' and not is_auth_user and exists (
      select from auth.users known where known.id = principals.id)
    order by id
    for no key update skip locked));
  for removed_id in
    select id from public.principals
    where id = any (user_ids) and is_auth_user and deleted_at is null
      and not exists (select from auth.users known where known.id = principals.id)
    order by id
    for no key update skip locked
  loop
    perform private.note_deletion(removed_id, array[
      private.identity_hash(jsonb_build_object('kind', 'user', 'subject', removed_id))]);
    perform private.mark_deleted(removed_id);
  end loop;
  return cardinality(user_ids);
end
$$;

create or replace function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', 'retention_periods: 7 days, the longest life of a token, and until everything is erased'),
    ('model_calls', 'model_calls', 'retention_periods: 400 days; nobody''s when the account is deleted'),
    ('plan_shares', 'plan_shares', 'retention_periods: 400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', 'retention_periods: 1 day'),
    ('admission_counters', 'full_counters', 'until the whole allowance is there again'),
    ('deployment_usage', 'deployment_usage', 'retention_periods: 400 days'),
    ('job_queues', null, 'one row for each owner and kind of open work; goes with the owner'),
    ('deleted_snapshots', null, 'until the tasks have deleted the file'),
    ('deleted_illustrations', null, 'until the tasks have deleted the file'),
    ('turn_ends', null, 'until they are counted, an hour at most'),
    ('model_call_changes', null, 'until they are counted, an hour at most'),
    ('turn_totals', null, 'at most 200 models'),
    ('duration_totals', null, 'a row for each kind and bucket'),
    ('model_call_totals', null, 'at most 200 models'),
    ('metrics_cache', null, 'one row'),
    ('cleaning_state', null, 'one row'),
    ('retention_periods', null, 'a row for each part of the cleaner that has a period'),
    ('plans', null, 'the operator''s')
  ) as kept (table_name, part, rule);
end;
