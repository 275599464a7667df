-- The principal's id; a new user or guest is stored first. Takes one of
--   {"kind": "user", "issuer", "subject", "plan" that the token names, if it does}
--   {"kind": "external", "issuer", "subject", "issued_at" of the token in seconds, if it has one, "plan"}
--   {"kind": "guest" | "new_guest", "token_hash"}
--   {"kind": "named", "subject"}, the principal with this id, for a server that has the secret key; if there
--   is none, a user of Supabase Auth who has not called yet
-- A plan that a token names is kept (private.plan_of). Locks a guest until the transaction ends, so that
-- migrate_guest also moves this transaction's rows.
create function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
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
        clock_timestamp() + private.retention_of('guests')
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
        expires_at = case when kind = 'guest' then clock_timestamp() + private.retention_of('guests') end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  -- A server with the secret key has no token of the user.
  if caller ->> 'kind' in ('user', 'external')
    and principal.claimed_plan is distinct from left(caller ->> 'plan', 64)
  then
    perform private.keep_claimed_plan(principal.id, left(caller ->> 'plan', 64));
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

revoke all on function private.resolve_principal(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.resolve_principal(jsonb) to service_role;
