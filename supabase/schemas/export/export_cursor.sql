-- A place in an account's export, as text that fits into a URL: [place of the part, container, key of the last
-- row or null when the container is done, numbers of lines of this part and those before]. Callers get it with each line and send it
-- back.
create function private.write_export_cursor(reached jsonb) returns text
language sql immutable parallel safe
return pg_catalog.translate(
  pg_catalog.encode(pg_catalog.convert_to(reached::text, 'UTF8'), 'base64'), E'+/=\n', '-_');

create function private.read_export_cursor(cursor text) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  reached jsonb;
  part record;
  key_place integer;
  is_valid boolean;
begin
  begin
    reached := convert_from(decode(
      translate(cursor, '-_', '+/') || repeat('=', -length(cursor) & 3), 'base64'), 'UTF8')::jsonb;
    select * into part from private.export_parts() where place = (reached ->> 0)::integer;
    is_valid := found and (reached ->> 1)::uuid is not null
      and (select bool_and(jsonb_typeof(lines) = 'number' and lines::bigint >= 0)
        from jsonb_array_elements(reached -> 3) lines)
      and jsonb_array_length(reached -> 3) = part.place
      and (jsonb_typeof(reached -> 2) = 'null' or jsonb_array_length(reached -> 2) = cardinality(part.key));
    -- Each value of the key can be compared with its column.
    for key_place in 1..case when jsonb_typeof(reached -> 2) = 'array' then cardinality(part.key) else 0 end loop
      execute format('select $1::%s', split_part(part.key[key_place], ' ', 2))
      using reached -> 2 ->> key_place - 1;
    end loop;
  exception when data_exception or character_not_in_repertoire or invalid_parameter_value then
    is_valid := false;
  end;
  if is_valid is not true then
    perform private.refuse(422, 'invalid_request',
      'after must be the cursor of a line of an export: begin again without it.');
  end if;
  return reached;
end
$$;

revoke all on function
  private.write_export_cursor(jsonb),
  private.read_export_cursor(text)
from public, anon, authenticated, service_role;
grant execute on function
  private.write_export_cursor(jsonb),
  private.read_export_cursor(text)
to service_role;
