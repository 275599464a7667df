-- The request for a turn about a message of another kind of conversation than the request's: chat's routes
-- for messages serve all conversations that are trees. The members that begin_turn's `kinds` has for that
-- kind replace the request's own, and chat's special members are left out.
create function private.request_of_kind(principal_id uuid, request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_message_id constant uuid := private.read_id(request, 'message_id');
  found_kind text;
begin
  if wanted_message_id is null or request -> 'kinds' is null then
    return request;
  end if;
  select session.kind into found_kind
  from public.sessions session
  where session.session_id = private.session_of_message(principal_id, wanted_message_id);
  if not request -> 'kinds' ? found_kind then
    return request;
  end if;
  return request
    - array['dossier', 'dossier_heading', 'extract', 'task_prompts', 'task_prompt_labels']
    || jsonb_build_object('kind', found_kind)
    || (request -> 'kinds' -> found_kind);
end
$$;

revoke all on function private.request_of_kind(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.request_of_kind(uuid, jsonb) to service_role;
