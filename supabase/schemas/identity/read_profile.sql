-- The caller's profile: {principal}.
create function public.read_profile(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(
    private.profile_of(principal_id), etag => private.profile_etag(principal_id));
end
$$;

revoke all on function public.read_profile(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_profile(jsonb) to service_role;
