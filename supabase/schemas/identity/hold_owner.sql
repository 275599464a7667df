-- Nothing new for an owner who is gone or has moved meanwhile: resolve_principal does not hold
-- users as it holds guests, because most calls only read.
create function private.hold_owner() returns trigger
language plpgsql set search_path = '' as $$
declare
  holder public.principals;
begin
  select * into holder from public.principals where id = new.owner_id for key share;
  perform private.require_current(holder);
  return new;
end
$$;

revoke all on function private.hold_owner() from public, anon, authenticated, service_role;
