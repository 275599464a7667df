-- Deletes an account with all of the principal's data. A token that is still valid does not bring the
-- account back.

-- Deletes a user of Supabase Auth, who then cannot sign in or refresh a token. Does nothing without
-- Supabase Auth. Security definer: the tables belong to Auth, and only the owner of the migrations may
-- write to them.
create function private.delete_auth_user(deleted_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  related regclass;
begin
  if to_regclass('auth.users') is null then
    return;
  end if;
  delete from auth.users where id = deleted_user_id;
  -- Rows without a foreign key: codes of unfinished sign-ins, and old refresh tokens.
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

-- Deletes the caller and all of their data: {principal}. Answers the same if that has already happened.
create function public.delete_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  caller jsonb := request -> 'principal';
  principal_id uuid := (private.find_principal(caller)).id;
  -- The caller, if a user, and Supabase's anonymous users that were moved to this account.
  auth_user_ids uuid[];
begin
  -- A user without a row here may still want the account at Supabase Auth to be deleted.
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

revoke all on function
  private.delete_auth_user(uuid),
  public.delete_account(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.delete_auth_user(uuid),
  public.delete_account(jsonb)
to service_role;
