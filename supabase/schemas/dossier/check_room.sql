-- The room that an entry takes in a dossier's log, as in shared/dossier/fold/room.hpp: an entry of usual length
-- takes 1, and so does each further 256 bytes.
create function private.room_of(body jsonb) returns bigint
language sql immutable parallel safe
return 1 + greatest(octet_length(body::text) - 512, 0) / 256;

-- Refuses assertions for which a dossier's log, which takes log_room, has no room. Callers that have read the
-- whole log have counted more exactly; this is for those that have missed entries of others.
create function private.check_room(log_room bigint, assertions jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Less than callers can read, because `path` entries are added to a full log too.
  max_room constant bigint := 14000;
begin
  if log_room + (
    select coalesce(sum(private.room_of(sent.value -> 'body')), 0)
    from jsonb_array_elements(assertions) as sent (value)) > max_room
  then
    perform private.refuse(413, 'body_too_large',
      'This dossier''s log has no room for that: send less, or clear the dossier (DELETE) and put back '
      '(PUT) what is to stay.');
  end if;
end
$$;

revoke all on function
  private.room_of(jsonb),
  private.check_room(bigint, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.room_of(jsonb),
  private.check_room(bigint, jsonb)
to service_role;
