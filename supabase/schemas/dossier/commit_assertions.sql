-- Adds to a dossier's log, and stores the snapshot that goes with it: {project_id, base,
-- assertions: [{assertion_id, kind, body, message_id | null}], snapshot | null, facts?, if_match?,
-- principal | null}, where base is the position that the snapshot was computed from, before these
-- assertions, and facts is what prompts are told of it. Returns {head, added, folded_to, log_start, tail}.
--
-- Assertions that are not there yet are added in the order given, whatever base is, unless if_match
-- names another version than the head: then nothing is done (412). The snapshot is stored only if base
-- was still the head. Otherwise the tail is what the log holds after base, with the caller's own in
-- their places: fold it in and call again, with the last one's position as the base, or the head when
-- the tail is empty. A tail is bounded (private.read_log), so that this may take several calls; an empty
-- list of assertions reads the log. A base before log_start means that the log was removed: whoever
-- holds entries of it begins anew. A caller whose answer was lost calls again: nothing is added twice.
create function public.commit_assertions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  principal_id uuid;
  session_ids uuid[];
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  perform private.check_assertions(request -> 'assertions');
  session_ids := array(
    select distinct message.session_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    cross join lateral (
      select session_id from public.messages where message_id = sent.message_id limit 1
    ) message);
  -- Their paths stay as they are until it is stored whether what is found in them is shown.
  if cardinality(session_ids) > 0 then
    perform from public.sessions
    where session_id = any (session_ids) and project_id = wanted_id
      and owner_id = coalesce(principal_id, owner_id)
    order by session_id
    for no key update;
  end if;
  return private.add_assertions(wanted_id, request, principal_id);
end
$$;

revoke all on function public.commit_assertions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.commit_assertions(jsonb) to service_role;
