-- Erasures that are kept when the database is restored from a backup. Like the schema files.

-- Erasures after the database was restored from a backup: a backup has accounts that were deleted after it was
-- made. The list of deletions is kept outside the database, and applied to the restored one.

-- The deletions of the last seven days, for the operator's file; it names nobody: [{identity_hash,
-- deleted_at}].
create function private.list_deletions() returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(jsonb_build_object(
    'identity_hash', identity_hash, 'deleted_at', private.iso(deleted_at)) order by deleted_at), '[]')
  from public.deleted_accounts);

-- The hash of a principal's identity, as private.identity_hash of the caller.
create function private.hash_of_principal(principal public.principals) returns text
language sql immutable parallel safe set search_path = ''
return private.identity_hash(case principal.kind
  when 'guest' then jsonb_build_object('kind', 'guest', 'token_hash', principal.guest_token_hash)
  else jsonb_build_object(
    'kind', principal.kind, 'issuer', principal.issuer, 'subject', principal.subject)
end);

-- Deletes again the accounts of a list of private.list_deletions; lists that overlap may be applied one after
-- the other. Returns {applied}, the number of accounts that were there: they are refused at once, and erased
-- by the cleaner. An account that its owner made anew after the deletion stays. It reads all principals once,
-- and is meant for a restored database before anybody is let in.
create function private.repeat_deletions(deletions jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  restored record;
  applied integer := 0;
begin
  if to_regclass('auth.users') is not null and has_table_privilege('auth.users', 'select') then
    for restored in
      execute $users$
        select id from auth.users
        where private.identity_hash(jsonb_build_object('kind', 'user', 'subject', id)) = any ($1)
        order by id
      $users$ using array(select erasure ->> 'identity_hash' from jsonb_array_elements(deletions) erasure)
    loop
      perform private.delete_auth_user(restored.id);
    end loop;
  end if;
  for restored in
    select principal.id, array_agg(erasure.identity_hash) as identity_hashes,
      max(erasure.deleted_at) as deleted_at
    from jsonb_to_recordset(deletions) as erasure (identity_hash text, deleted_at timestamptz)
    join public.principals principal
      on private.hash_of_principal(principal) = erasure.identity_hash
      and principal.created_at < erasure.deleted_at
    where principal.deleted_at is null and principal.migrated_to is null
    group by principal.id
    order by principal.id
  loop
    perform from public.principals where id = restored.id for no key update;
    perform private.note_deletion(restored.id, restored.identity_hashes);
    perform private.mark_deleted(restored.id);
    applied := applied + 1;
  end loop;
  -- Tokens that are still valid make no account again.
  insert into public.deleted_accounts (identity_hash, deleted_at, erased_at)
  select erasure.identity_hash, max(erasure.deleted_at), max(erasure.deleted_at)
  from jsonb_to_recordset(deletions) as erasure (identity_hash text, deleted_at timestamptz)
  group by erasure.identity_hash
  on conflict (identity_hash) do nothing;
  return jsonb_build_object('applied', applied);
end
$$;

revoke all on function
  private.list_deletions(),
  private.hash_of_principal(public.principals),
  private.repeat_deletions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.list_deletions(),
  private.hash_of_principal(public.principals),
  private.repeat_deletions(jsonb)
to service_role;
