-- The principal of the request's token, null without one and for one who is suspended. Policies use
-- only this. A Supabase user's id has a meaning only in tokens of this deployment's Supabase. A user
-- is identified by the `sub` of tokens without an issuer (the embedded Supabase writes none), with the
-- issuer `supabase`, which private.act_as sets, or from Supabase Auth, whose URL may change. Any other
-- issuer that PostgREST trusts may choose any ids for its users, including a Supabase user's, and
-- never identifies one. Only private.act_as identifies a guest, without an issuer. Security definer:
-- callers may not read principals themselves.
create function private.current_principal() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  -- PostgREST sets the claims, the embedded Supabase the single settings too; after a transaction
  -- both are empty rather than unset.
  claims jsonb := coalesce(
    nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
  token_subject text := coalesce(
    claims ->> 'sub', nullif(current_setting('request.jwt.claim.sub', true), ''));
  token_issuer text := claims ->> 'iss';
  principal_id uuid;
begin
  if token_subject ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    select id into principal_id
    from public.principals
    where id = token_subject::uuid and suspended_at is null and deleted_at is null
      and case kind
        when 'user' then
          token_issuer is null or token_issuer = 'supabase' or token_issuer like '%/auth/v1'
        when 'guest' then token_issuer is null
        else false
      end;
  end if;
  if principal_id is null then
    select id into principal_id
    from public.principals
    where issuer = token_issuer and subject = token_subject and kind = 'external'
      and suspended_at is null and deleted_at is null;
  end if;
  return principal_id;
end
$$;

revoke all on function private.current_principal() from public, anon, authenticated, service_role;
grant execute on function private.current_principal() to authenticated;
