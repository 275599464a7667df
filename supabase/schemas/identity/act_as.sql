-- Until the transaction ends, or the caller sets the role again: acts with the rights of this
-- principal, so that row level security decides which rows are visible.
create function private.act_as(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  claims jsonb;
begin
  select jsonb_build_object(
    'role', 'authenticated',
    'iss', principal.issuer,
    'sub', case principal.kind when 'external' then principal.subject else principal.id::text end)
  into claims
  from public.principals principal
  where principal.id = principal_id;
  perform set_config('request.jwt.claims', claims::text, true);
  perform set_config('request.jwt.claim.sub', claims ->> 'sub', true);
  perform set_config('role', 'authenticated', true);
end
$$;

revoke all on function private.act_as(uuid) from public, anon, authenticated, service_role;
grant execute on function private.act_as(uuid) to service_role;
