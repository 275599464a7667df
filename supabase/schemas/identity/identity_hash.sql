-- SHA-256 of a caller's identity, as hexadecimal digits. A Supabase user is identified by the id
-- alone, because the issuer's URL may change.
create function private.identity_hash(caller jsonb) returns text
language sql immutable parallel safe
return pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
  case
    when caller ->> 'kind' in ('user', 'named') then
      pg_catalog.jsonb_build_array('user', pg_catalog.lower(caller ->> 'subject'))
    when caller ->> 'kind' = 'external' then
      pg_catalog.jsonb_build_array('external', caller ->> 'issuer', caller ->> 'subject')
    else pg_catalog.jsonb_build_array('guest', caller ->> 'token_hash')
  end::text, 'UTF8')), 'hex');

-- Whether the account was deleted after the caller's token was issued. Users of another issuer keep
-- their identity there, and may begin anew with a new token (its `issued_at`, in seconds).
create function private.is_deleted(caller jsonb) returns boolean
language sql stable
return exists (
  select from public.deleted_accounts
  where identity_hash = private.identity_hash(caller)
    and pg_catalog.date_trunc('second', deleted_at) >= coalesce(
      pg_catalog.to_timestamp((caller ->> 'issued_at')::double precision), '-infinity'));

revoke all on function
  private.identity_hash(jsonb),
  private.is_deleted(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.identity_hash(jsonb),
  private.is_deleted(jsonb)
to service_role;
