-- Like private.store_assertions, but also adds a `path` entry for messages that had left the path before
-- their first findings. The snapshot in the request does not cover that entry. The caller has locked the
-- sessions of the named messages.
create function private.add_assertions(
  wanted_id uuid, request jsonb, principal_id uuid
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  named_ids uuid[];
  answer jsonb;
begin
  perform private.check_assertions(request -> 'assertions');
  -- Others that add assertions about these messages wait for the session's lock too.
  named_ids := array(
    select distinct sent.message_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    where sent.message_id is not null and not exists (
      select from public.dossier_assertions known where known.message_id = sent.message_id));
  answer := private.store_assertions(wanted_id, request, principal_id);
  if cardinality(named_ids) > 0 and (answer ->> 'added')::integer > 0 then
    perform private.note_messages_off_path(wanted_id, named_ids);
    select answer || jsonb_build_object(
      'head', dossier.head,
      'tail', case when dossier.head > (answer ->> 'head')::bigint
        then private.read_log(wanted_id, (request ->> 'base')::bigint)
        else answer -> 'tail' end)
    into answer
    from public.dossiers dossier
    where dossier.project_id = wanted_id;
  end if;
  return answer;
end
$$;

revoke all on function private.add_assertions(uuid, jsonb, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.add_assertions(uuid, jsonb, uuid) to service_role;
