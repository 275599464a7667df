-- How an engine function refuses, reads ids, and finds out for whom it works. The edge has verified
-- the caller's credentials; the engine functions trust what it passes.

-- Ends the call with SQLSTATE PTnnn, which PostgREST turns into that HTTP status. The message tells
-- the caller what to do; the code is one of shared/result/error_code.cpp.
create function private.refuse(status integer, code text, message text, hint text default '')
returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status, message = refuse.message, detail = code, hint = refuse.hint;
end
$$;

-- The id under this key; null when it is absent.
create function private.read_id(request jsonb, key text) returns uuid
language plpgsql set search_path = '' as $$
declare
  value text := request ->> key;
begin
  if value !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    perform private.refuse(400, 'invalid_id', format('%s must be a UUID.', key));
  end if;
  return value::uuid;
end
$$;

-- The principal's id; a user or a guest who is new is stored first. Takes one of
--   {"kind": "user" | "external", "issuer", "subject"}
--   {"kind": "guest" | "new_guest", "token_hash"}
create function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  caller_kind text := caller ->> 'kind';
  principal public.principals;
begin
  case caller_kind
    when 'user' then
      insert into public.principals (id, kind, issuer, subject)
      select private.read_id(caller, 'subject'), 'user', caller ->> 'issuer', caller ->> 'subject'
      where not exists (
        select from public.principals where id = private.read_id(caller, 'subject'))
      -- Two first turns at once may collide in either key of the same new row.
      on conflict do nothing;
      select * into principal from public.principals
      where id = private.read_id(caller, 'subject') and kind = 'user';
    when 'external' then
      insert into public.principals (kind, issuer, subject)
      select 'external', caller ->> 'issuer', caller ->> 'subject'
      where not exists (
        select from public.principals
        where issuer = caller ->> 'issuer' and subject = caller ->> 'subject')
      on conflict (issuer, subject) do nothing;
      select * into principal from public.principals
      where issuer = caller ->> 'issuer' and subject = caller ->> 'subject' and kind = 'external';
    when 'new_guest' then
      -- A repeated request brings the token of the first one.
      insert into public.principals (kind, guest_token_hash, expires_at)
      values ('guest', caller ->> 'token_hash', clock_timestamp() + guest_lifetime)
      on conflict (guest_token_hash) do nothing;
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash';
    when 'guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash' and expires_at > clock_timestamp();
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest or new_guest.');
  end case;
  if principal.id is null then
    perform private.refuse(401, 'invalid_token',
      'This token is unknown or has expired: sign in again, or go on without it as a new guest.');
  end if;
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id;
  end if;
  return principal.id;
end
$$;
