-- A memory's log for folding: {memory_log_id, version, entries: [{assertion_id, kind, body, message_id,
-- is_off_path}]}. One statement, so that the version fits the entries.
create function private.describe_memory_log(wanted_log_id uuid) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'memory_log_id', log.memory_log_id,
    'version', log.version,
    'entries', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'assertion_id', entry.assertion_id,
          'kind', entry.kind,
          'body', entry.body,
          'message_id', entry.message_id,
          'is_off_path', entry.message_id is not null and not coalesce((
            select reading.is_on_path
            from public.messages message
            join public.memory_readings reading
              on reading.session_id = message.session_id and reading.message_id = message.message_id
            where message.message_id = entry.message_id), false))
        order by entry.position)
      from public.memory_entries entry
      where entry.memory_log_id = log.memory_log_id), '[]'))
  from public.memory_logs log
  where log.memory_log_id = wanted_log_id);

-- The character in a request for memories, null for the companion without one, whose id is all zeros. Refuses
-- characters that the principal can neither see nor has memories of.
create function private.read_memory_character(principal_id uuid, request jsonb) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  no_character constant uuid := '00000000-0000-0000-0000-000000000000';
  wanted_id constant uuid := private.read_id(request, 'companion_id');
begin
  if wanted_id = no_character then
    return null;
  end if;
  if (private.visible_character(principal_id, wanted_id)).character_id is null
    and not exists (
      select from public.memory_logs where owner_id = principal_id and character_id = wanted_id)
  then
    perform private.refuse(404, 'not_found',
      'There is no such character: list the characters to see which there are.');
  end if;
  return wanted_id;
end
$$;

-- The principal's memory that the request names; nulls if it is empty.
create function private.find_memory_log(principal_id uuid, request jsonb)
returns public.memory_logs
language plpgsql stable set search_path = '' as $$
declare
  -- Asked for before all else, because it may refuse.
  wanted_character_id constant uuid := private.read_memory_character(principal_id, request);
  log public.memory_logs;
begin
  select * into log from public.memory_logs
  where owner_id = principal_id and character_id is not distinct from wanted_character_id;
  return log;
end
$$;

-- The log of a companion's memory, for the edge, which changes it: {principal, companion_id}; created if it
-- is missing. Returns private.describe_memory_log.
create function public.read_memory_log(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_character_id constant uuid := private.read_memory_character(principal_id, request);
  log public.memory_logs;
begin
  perform private.hold_principal(principal_id);
  log := private.open_memory_log(principal_id, wanted_character_id);
  return private.describe_memory_log(log.memory_log_id);
end
$$;

revoke all on function
  private.describe_memory_log(uuid),
  private.read_memory_character(uuid, jsonb),
  private.find_memory_log(uuid, jsonb),
  public.read_memory_log(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_memory_log(uuid),
  private.read_memory_character(uuid, jsonb),
  private.find_memory_log(uuid, jsonb),
  public.read_memory_log(jsonb)
to service_role;
