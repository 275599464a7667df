-- A position of a log in a request; null if absent.
create function private.read_position(request jsonb, key text) returns bigint
language plpgsql immutable set search_path = '' as $$
declare
  sent constant text := request ->> key;
begin
  if sent !~ '^[0-9]{1,18}$' then
    perform private.refuse(422, 'invalid_request',
      format('%s must be a version: a position of the log.', key));
  end if;
  return sent::bigint;
end
$$;

-- The log after a position, in order, optionally up to another one. Limited in entries and, after
-- the first, in bytes: continue from the last one's position.
create function private.read_log(
  wanted_project_id uuid, after_position bigint, until_position bigint default null,
  max_entries integer default 1000, max_bytes integer default 1048576
) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'assertion_id', entry.assertion_id,
      'kind', entry.kind,
      'body', entry.body,
      'message_id', entry.message_id,
      'position', entry.position)
    order by entry.position), '[]')
  from (
    select logged.*,
      row_number() over (order by logged.position) as place,
      sum(octet_length(logged.body::text)) over (order by logged.position) as bytes_so_far
    from (
      select * from public.dossier_assertions
      where project_id = wanted_project_id and position > after_position
        and position <= coalesce(until_position, 9223372036854775807)
      order by position
      limit max_entries
    ) logged
  ) entry
  where entry.bytes_so_far <= max_bytes or entry.place = 1
);

revoke all on function
  private.read_position(jsonb, text),
  private.read_log(uuid, bigint, bigint, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_position(jsonb, text),
  private.read_log(uuid, bigint, bigint, integer, integer)
to service_role;
