-- Refuses assertions for which a dossier's log has no room, as shared/dossier/fold/room.hpp counts it: a
-- row of usual length takes 1, and so does each further 256 bytes. Callers that have read the whole log have
-- counted, and more exactly; this is for those that have missed entries of others. The dossier is locked.
create function private.check_room(wanted_id uuid, log_start bigint, assertions jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Less than callers can read, because `path` entries are added to a full log too.
  max_room constant bigint := 14000;
  usual_bytes constant integer := 512;
  bytes_each constant integer := 256;
  room bigint;
begin
  select coalesce(sum(1 + greatest(entry.bytes - usual_bytes, 0) / bytes_each), 0) into room
  from (
    select octet_length(body::text) as bytes from public.dossier_assertions
    where project_id = wanted_id and position > log_start
    union all
    select octet_length((sent.value -> 'body')::text)
    from jsonb_array_elements(assertions) as sent (value)
  ) entry;
  if room > max_room then
    perform private.refuse(413, 'body_too_large',
      'This dossier''s log has no room for that: send less, or clear the dossier (DELETE) and put back '
      '(PUT) what is to stay.');
  end if;
end
$$;

revoke all on function private.check_room(uuid, bigint, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_room(uuid, bigint, jsonb) to service_role;
