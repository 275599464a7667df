-- Creates a guest: {principal: {kind: new_guest, token_hash}, admission?, caller: a guest who must exist |
-- null}; returns {user_id, expires_at}.
create function public.create_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.admit(request);
begin
  if request ->> 'caller' is not null then
    perform private.require_current(private.find_principal(request -> 'caller'));
  end if;
  return (
    select jsonb_build_object('user_id', id, 'expires_at', private.iso(expires_at))
    from public.principals where id = principal_id);
end
$$;

revoke all on function public.create_guest(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_guest(jsonb) to service_role;
