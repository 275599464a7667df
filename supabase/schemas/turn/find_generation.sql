-- The principal's generation with this stream_id or generation_id.
create function private.find_generation(principal_id uuid, request jsonb)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session_is_visible boolean;
begin
  if wanted_id is not null then
    select * into generation from public.generations
    where generation_id = wanted_id and owner_id = principal_id;
  else
    select * into generation from public.generations
    where stream_id = request ->> 'stream_id' and owner_id = principal_id;
  end if;
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions where session_id = generation.session_id and is_active);
  perform set_config('role', own_role, true);
  if not session_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such stream: list the messages of the session to see what has been said.');
  end if;
  return generation;
end
$$;

revoke all on function private.find_generation(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.find_generation(uuid, jsonb) to service_role;
