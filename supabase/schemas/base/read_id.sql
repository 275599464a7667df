-- The id under this key; null when it is absent. Not volatile, so that a condition evaluates it once:
-- rows are then found by an index on an id from the caller, instead of comparing each row's.
create function private.read_id(request jsonb, key text) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  value text := request ->> key;
begin
  if value !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    perform private.refuse(400, 'invalid_id', format('%s must be a UUID.', key));
  end if;
  return value::uuid;
end
$$;

revoke all on function private.read_id(jsonb, text) from public, anon, authenticated, service_role;
grant execute on function private.read_id(jsonb, text) to service_role;
