-- The principal of the request's token, null when it has none. Policies ask this and nothing else. A
-- Supabase user's id means something in tokens of this deployment's Supabase alone.
-- A user is named by the `sub` of tokens without an issuer (the embedded Supabase tells none), by
-- `supabase`, which private.act_as says, and by Supabase Auth, whose address may change. Any other
-- issuer that PostgREST trusts may call its users what it likes, a Supabase user's id too, and never
-- speaks for one. A guest is named by private.act_as alone, without an issuer.
-- Security definer: callers may not read principals themselves.
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
    where id = token_subject::uuid
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
    where issuer = token_issuer and subject = token_subject and kind = 'external';
  end if;
  return principal_id;
end
$$;

revoke all on function private.current_principal() from public, anon, authenticated, service_role;
grant execute on function private.current_principal() to authenticated;
