-- Counters of what is stored are no part of an export, and its pages are smaller. Like the schema files.

create or replace function private.not_exported() returns table (table_name text, reason text)
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
    ('idempotency_keys', 'names of repeated requests, for a day'),
    ('live_connections', 'connections, while they last'),
    ('job_queues', 'the order of work'),
    ('rate_limits', 'counters of requests'),
    ('plan_shares', 'sums of the model calls'),
    ('stored_byte_changes', 'counters of what is stored'),
    ('bot_keys', 'secrets, which nobody can read')
  ) as kept (table_name, reason);
end;

create or replace function public.export_page(request jsonb) returns jsonb
language plpgsql set search_path = '' set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  max_rows constant integer := 1000;
  max_bytes constant integer := 524288;
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
