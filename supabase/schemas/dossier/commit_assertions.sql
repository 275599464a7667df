-- Adds to a dossier's log, and stores the snapshot that goes with it: {project_id, base, assertions:
-- [{assertion_id, kind, body, message_id | null}], snapshot | null, facts?, if_match?, principal | null},
-- where base is the position from which the snapshot was computed, before these assertions, and facts is
-- the dossier's text for prompts. Returns {head, added, folded_to, log_start, tail}.
--
-- New assertions are added in the given order, whatever base is, unless if_match names another version
-- than the head: then nothing is done (412). The snapshot is stored only if base was still the head.
-- Otherwise the tail is the log after base, including the caller's own entries: fold it and call again,
-- with the last one's position as the base, or the head when the tail is empty. A tail is limited
-- (private.read_log), so this may take several calls; an empty list of assertions reads the log. A base
-- before log_start means that the log was removed: a caller with entries of it must start again. A caller
-- whose answer was lost calls again: nothing is added twice.
create function public.commit_assertions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  principal_id uuid;
  session_ids uuid[];
  -- A person may decide about facts although their plan is full.
  size_of_decisions constant integer := 4096;
  answer jsonb;
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
  answer := private.add_assertions(wanted_id, request, principal_id);
  if principal_id is not null and (answer ->> 'added')::integer > 0 then
    perform private.check_stored_bytes(principal_id, size_of_decisions);
  end if;
  return answer;
end
$$;

revoke all on function public.commit_assertions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.commit_assertions(jsonb) to service_role;
