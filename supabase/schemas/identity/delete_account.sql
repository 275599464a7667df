-- Deletes an account. It is refused from the moment of its deletion; a small one is erased at once, a larger
-- one in batches afterwards (erasure/erase_step.sql). A token that is still valid does not bring the account
-- back.

-- Marks a principal as deleted: nobody acts as it any more, nobody sees anything of it, its replies and its
-- work stop. The principal is locked for no key update, and so no transaction is adding rows of its own.
create function private.mark_deleted(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.principals
  set deleted_at = clock_timestamp(),
      -- A user of another issuer may begin anew under the same name.
      subject = case kind when 'external' then 'deleted ' || id else subject end
  where id = principal_id and deleted_at is null;
  update public.bots set is_public = false where owner_id = principal_id and is_public;
  update public.characters set visibility = 'private'
  where owner_id = principal_id and visibility = 'public';
  update public.generations set cancel_requested = true
  where generation_id = any (array(
    select generation.generation_id
    from public.sessions session
    cross join lateral (
      select generation_id from public.generations
      where session_id = session.session_id and status = 'streaming'
      limit 1
    ) generation
    where session.owner_id = principal_id
    order by generation.generation_id));
  delete from public.job_queues where owner_id = principal_id;
end
$$;

-- Deletes the caller and all of their data: {principal}. Answers 202 with the deletion, also when it is
-- repeated: a small account is erased by then, of a larger one something is left.
create function public.delete_account(request jsonb) returns jsonb
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

revoke all on function
  private.mark_deleted(uuid),
  public.delete_account(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.mark_deleted(uuid),
  public.delete_account(jsonb)
to service_role;
