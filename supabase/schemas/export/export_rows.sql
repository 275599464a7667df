-- The ids in a container column of an export's parts, such as a person's sessions, in their order: at most
-- row_limit from from_id on, without it if `is_after`.
create function private.export_containers(
  container text, principal_id uuid, from_id uuid, is_after boolean, row_limit integer
) returns uuid[]
language plpgsql stable set search_path = '' as $$
declare
  ids constant text := case container
    when 'owner_id' then 'select $1 as id'
    when 'project_id' then 'select project_id as id from public.projects where owner_id = $1'
    when 'session_id' then 'select session_id as id from public.sessions where owner_id = $1 and is_active'
    when 'memory_log_id' then 'select memory_log_id as id from public.memory_logs where owner_id = $1'
    when 'part_id' then
      'select part.part_id as id
      from public.projects project join public.story_parts part using (project_id)
      where project.owner_id = $1'
    when 'job_id' then
      'select job.job_id as id
      from public.projects project join public.jobs job using (project_id)
      where project.owner_id = $1
      union
      select job.job_id
      from public.sessions session join public.jobs job using (session_id)
      where session.owner_id = $1 and session.is_active'
  end;
  found uuid[];
begin
  execute format(
    'select array(select id from (%s) listed where $2 is null or id > $2 or id = $2 and not $3
      order by id limit $4)', ids)
  into found using principal_id, from_id, is_after, row_limit;
  return found;
end
$$;

-- The rows of a part in one container, after the row with these values of the part's key, in their order;
-- null: from the first on. At most row_limit rows, and no further one after byte_limit bytes: large rows are
-- read a few at a time. Reads with an index of the container.
create function private.export_rows(
  part_place integer, principal_id uuid, container_id uuid, after_key jsonb, row_limit integer,
  byte_limit integer
) returns table (data jsonb, key jsonb, bytes integer)
language plpgsql stable set search_path = '' as $$
declare
  part record;
  key_names text;
  after_values text;
  bytes_left bigint := byte_limit;
begin
  select * into part from private.export_parts() where place = part_place;
  select string_agg('stored.' || split_part(column_name, ' ', 1), ', ' order by number),
    string_agg(format('($3 ->> %s)::%s', number - 1, split_part(column_name, ' ', 2)), ', ' order by number)
  into key_names, after_values
  from unnest(part.key) with ordinality as named (column_name, number);
  for data, key in execute format(
    'select to_jsonb(stored) - $4, jsonb_build_array(%1$s) from %2$s stored
    where stored.%3$I = $2 and stored.owner_id = $1 and ($3 is null or (%1$s) > (%4$s))
    order by %1$s limit $5',
    key_names, part.source, part.container, after_values)
  using principal_id, container_id, after_key, array_append(part.left_out, 'owner_id'), row_limit
  loop
    bytes := octet_length(data::text);
    bytes_left := bytes_left - bytes;
    return next;
    exit when bytes_left <= 0;
  end loop;
end
$$;

revoke all on function
  private.export_containers(text, uuid, uuid, boolean, integer),
  private.export_rows(integer, uuid, uuid, jsonb, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.export_containers(text, uuid, uuid, boolean, integer),
  private.export_rows(integer, uuid, uuid, jsonb, integer, integer)
to service_role;
