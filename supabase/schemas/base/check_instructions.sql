-- Refuses instructions that cannot be stored. Absent ones, and null, are accepted.
create function private.check_instructions(body jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_bytes constant integer := 8192;
begin
  if octet_length(body ->> 'instructions') not between 1 and max_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'instructions must have 1 to %s bytes of UTF-8; null removes them.', max_bytes));
  end if;
end
$$;

revoke all on function private.check_instructions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_instructions(jsonb) to service_role;
