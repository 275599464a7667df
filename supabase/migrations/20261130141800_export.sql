-- Everything that is a principal's, in pages. Like the schema files.

-- The parts of an account's export, in their order. `source` are the rows, each with its owner_id; `container`
-- is the column by which an index finds them, and `key` the columns, with their types, that order and identify
-- the rows within one container. `left_out` names columns that are only of use to us. Later parts are added
-- at the end: a cursor names its part by the place. tests/database/export.test.ts compares the tables with the
-- catalogue.
create function private.export_parts() returns table (
  place integer, type text, container text, table_name text, source text, key text[], left_out text[])
language sql immutable parallel safe
begin atomic
  select part.place, part.type, part.container, part.table_name,
    coalesce(part.source, 'public.' || part.table_name), part.key, coalesce(part.left_out, '{}')
  from (values
    (1, 'account', 'owner_id', 'principals',
      '(select id as owner_id, id as user_id, kind, issuer, subject, created_at, last_seen_at, expires_at
      from public.principals)',
      array['owner_id uuid'], null::text[]),
    (2, 'profile', 'owner_id', 'profiles', null, array['owner_id uuid'], null),
    (3, 'plan', 'owner_id', 'principal_plans', null, array['owner_id uuid'], null),
    (4, 'project', 'owner_id', 'projects', null, array['project_id uuid'], null),
    (5, 'dossier', 'owner_id', 'dossiers', null, array['project_id uuid'],
      array['facts_json', 'log_room']),
    (6, 'dossier_entry', 'project_id', 'dossier_assertions', null, array['position bigint'], null),
    (7, 'story', 'owner_id', 'stories', null, array['project_id uuid'], array['premise_hash']),
    (8, 'story_part', 'project_id', 'story_parts', null, array['part_id uuid'], array['asked', 'made']),
    (9, 'story_version', 'part_id', 'story_versions', null, array['version integer'], null),
    (10, 'story_illustration', 'part_id', 'story_illustrations', null, array['part_id uuid'], null),
    (11, 'story_answer', 'owner_id', 'story_cache', null, array['entry_id uuid'], array['cache_key']),
    (12, 'session', 'session_id', 'sessions',
      $rows$(select *, case kind when 'companion' then session_id || '.json' end as snapshot_path
      from public.sessions)$rows$,
      array['session_id uuid'], null),
    (13, 'message', 'session_id', 'messages', null, array['position bigint'], array['parent_depth']),
    (14, 'message_revision', 'session_id', 'message_revisions', null,
      array['message_id uuid', 'revision integer'], null),
    (15, 'summary', 'session_id', 'session_summaries', null, array['until_message_id uuid'], null),
    (16, 'live_session', 'session_id', 'live_sessions', null, array['session_id uuid'], null),
    (17, 'live_event', 'session_id', 'conversation_events', null, array['event_id bigint'], null),
    (18, 'character', 'owner_id', 'characters', null, array['character_id uuid'], null),
    (19, 'memory', 'memory_log_id', 'memories',
      '(select * from public.memories where not is_hidden)',
      array['memory_id text'], array['terms', 'is_hidden']),
    (20, 'memory_entry', 'memory_log_id', 'memory_entries', null, array['position bigint'], null),
    (21, 'bot', 'owner_id', 'bots', null, array['bot_id bigint'], null),
    (22, 'job', 'job_id', 'jobs', null, array['job_id uuid'],
      array['subject_id', 'merge_key', 'is_serial', 'reports_progress']),
    (23, 'import_text', 'job_id', 'job_steps',
      $rows$(select job_id, step, owner_id, status, error, created_at, finished_at,
        payload -> 'chapter' as chapter, payload -> 'chapter_title' as chapter_title, payload -> 'text' as text
      from public.job_steps where kind = 'dossier_import')$rows$,
      array['step integer'], null),
    (24, 'model_call', 'owner_id', 'model_calls', null,
      array['created_at timestamptz', 'model_call_id uuid'], null)
  ) as part (place, type, container, table_name, source, key, left_out);
end;

-- Tables with an owner that are not exported, and why.
create function private.not_exported() returns table (table_name text, reason text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('generations', 'how replies were made; what concerns their owner is in the messages'),
    ('generation_chunks', 'the text of running replies'),
    ('message_extractions', 'how far a dossier has been read'),
    ('memory_logs', 'how far a memory has been made'),
    ('memory_readings', 'how far a memory has been read'),
    ('story_drafts', 'the text of running steps'),
    ('story_events', 'the progress of tasks, for a week'),
    ('story_requests', 'names of repeated requests'),
    ('live_connections', 'connections, while they last'),
    ('job_queues', 'the order of work'),
    ('rate_limits', 'counters of requests'),
    ('plan_shares', 'sums of the model calls'),
    ('bot_keys', 'secrets, which nobody can read')
  ) as kept (table_name, reason);
end;

revoke all on function
  private.export_parts(),
  private.not_exported()
from public, anon, authenticated, service_role;
grant execute on function
  private.export_parts(),
  private.not_exported()
to service_role;

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

-- The next page of everything that is a principal's: {principal, after?: the cursor of the last line that the
-- caller has}. Returns {lines: [{type, data, cursor}], after: the cursor of the page's end, is_complete}; the
-- last page ends with {type: "complete", lines, counts: the number of lines by type}. A page is bounded in
-- rows, bytes and containers, so that neither the database nor its caller ever holds all. It reads as itself
-- and not as the principal, because jobs, memories' logs and plans are readable by nobody over REST: each of
-- its queries names the owner.
create function public.export_page(request jsonb) returns jsonb
language plpgsql set search_path = '' set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  max_rows constant integer := 2000;
  max_bytes constant integer := 1048576;
  max_containers constant integer := 500;
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  reached constant jsonb := case when request ->> 'after' is not null
    then private.read_export_cursor(request ->> 'after') end;
  counts bigint[];
  lines jsonb[] := '{}';
  bytes integer := 0;
  visited integer := 0;
  part record;
  container_ids uuid[];
  container_id uuid;
  -- Where the part goes on; null: at its beginning.
  at_id uuid;
  at_key jsonb;
  stored record;
  after text;
begin
  select array_agg(coalesce((reached -> 3 ->> place - 1)::bigint, 0) order by place) into counts
  from private.export_parts();
  for part in
    select * from private.export_parts() where place >= coalesce((reached ->> 0)::integer, 1) order by place
  loop
    at_id := case when part.place = (reached ->> 0)::integer then (reached ->> 1)::uuid end;
    at_key := case when at_id is not null then nullif(reached -> 2, 'null') end;
    loop
      container_ids := private.export_containers(
        part.container, principal_id, at_id, at_key is null, max_containers);
      exit when container_ids = '{}';
      foreach container_id in array container_ids loop
        for stored in
          select * from private.export_rows(
            part.place, principal_id, container_id, case when container_id = at_id then at_key end,
            max_rows - cardinality(lines), max_bytes - bytes)
        loop
          counts[part.place] := counts[part.place] + 1;
          after := private.write_export_cursor(
            jsonb_build_array(part.place, container_id, stored.key, to_jsonb(counts[:part.place])));
          lines := lines || jsonb_build_object('type', part.type, 'data', stored.data, 'cursor', after);
          bytes := bytes + stored.bytes + octet_length(after);
          if cardinality(lines) >= max_rows or bytes >= max_bytes then
            return jsonb_build_object('lines', lines, 'after', after, 'is_complete', false);
          end if;
        end loop;
        visited := visited + 1;
        if visited >= max_containers then
          return jsonb_build_object('lines', lines, 'is_complete', false,
            'after', private.write_export_cursor(
              jsonb_build_array(part.place, container_id, null, to_jsonb(counts[:part.place]))));
        end if;
      end loop;
      at_id := container_id;
      at_key := null;
    end loop;
  end loop;
  return jsonb_build_object('is_complete', true, 'lines', lines || jsonb_build_object(
    'type', 'complete',
    'lines', (select sum(number) from unnest(counts) number),
    'counts', (
      select jsonb_object_agg(type, counts[place]) from private.export_parts())));
end
$$;

revoke all on function public.export_page(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.export_page(jsonb) to service_role;
