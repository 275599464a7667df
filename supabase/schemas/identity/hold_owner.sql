-- Nothing new for a principal who is gone or has moved meanwhile: waits for whoever deletes or moves them, and
-- keeps them until the transaction ends. Comes before the lock of anything that is theirs.
create function private.hold_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  holder public.principals;
begin
  select * into holder from public.principals where id = principal_id for share;
  perform private.require_current(holder);
end
$$;

-- resolve_principal does not hold users as it holds guests, because most calls only read.
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
