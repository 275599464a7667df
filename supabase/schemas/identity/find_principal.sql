-- The principal, who may have moved or be deleted; a row of nulls when there is none. Takes the same as
-- private.resolve_principal.
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
    when 'named' then
      select * into principal from public.principals where id = private.read_id(caller, 'subject');
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest, new_guest or named.');
  end case;
  return principal;
end
$$;

-- Refuses callers whose account is deleted.
create function private.refuse_deleted_account() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(401, 'invalid_token',
    'This account has been deleted: sign up again, or go on without it as a new guest.');
end
$$;

-- Refuses principals that do not exist, are deleted or suspended, and guests who have moved.
create function private.require_current(principal public.principals) returns void
language plpgsql set search_path = '' as $$
begin
  if principal.id is null then
    perform private.refuse(401, 'invalid_token',
      'This token is unknown or has expired: sign in again, or go on without it as a new guest.');
  end if;
  if principal.deleted_at is not null then
    perform private.refuse_deleted_account();
  end if;
  if principal.suspended_at is not null then
    perform private.refuse(403, 'account_suspended',
      'This account is suspended: ask the operator of this server.');
  end if;
  if principal.migrated_to is not null then
    perform private.refuse(401, 'invalid_token',
      'This guest has moved to an account: sign in to that account.');
  end if;
end
$$;

revoke all on function
  private.find_principal(jsonb),
  private.refuse_deleted_account(),
  private.require_current(public.principals)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_principal(jsonb),
  private.refuse_deleted_account(),
  private.require_current(public.principals)
to service_role;
