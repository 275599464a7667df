-- Prevents new rows for a principal who was deleted or moved meanwhile: waits for a transaction that deletes
-- or moves them, and locks them until this transaction ends. Must precede the lock of any of their rows.
create function private.hold_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  holder public.principals;
begin
  select * into holder from public.principals where id = principal_id for share;
  perform private.require_current(holder);
end
$$;

-- Unlike guests, users are not locked by resolve_principal, because most calls only read.
create function private.hold_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.hold_principal(new.owner_id);
  return new;
end
$$;

revoke all on function
  private.hold_principal(uuid),
  private.hold_owner()
from public, anon, authenticated, service_role;
grant execute on function private.hold_principal(uuid) to service_role;
