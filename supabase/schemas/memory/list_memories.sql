-- The endpoints that read a companion's memory.

create function private.memory_body(memory public.memories) returns jsonb
language sql stable
return jsonb_build_object(
  'memory_id', memory.memory_id,
  'type', memory.type,
  'text', memory.text,
  'date', memory.date,
  'is_pinned', memory.is_pinned,
  'source', memory.source,
  'quote', memory.quote,
  'message_id', memory.message_id,
  'said_at', private.iso(memory.said_at),
  'updated_at', private.iso(memory.updated_at));

-- The companion's memories, the latest first: {principal, companion_id, query: {limit, offset}}.
create function public.list_memories(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  log constant public.memory_logs := private.find_memory_log(
    private.resolve_principal(request -> 'principal'), request);
  page jsonb;
  total bigint;
begin
  select
    (select count(*) from public.memories
     where memory_log_id = log.memory_log_id and not is_hidden),
    (select jsonb_agg(private.memory_body(memory) order by memory.said_at desc, memory.memory_id)
     from (
       select * from public.memories
       where memory_log_id = log.memory_log_id and not is_hidden
       order by said_at desc, memory_id
       limit row_count offset first_row
     ) memory)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

-- One memory: {principal, companion_id, memory_id, status?}, where status is the answer's.
create function public.read_memory(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  log constant public.memory_logs := private.find_memory_log(
    private.resolve_principal(request -> 'principal'), request);
  memory public.memories;
begin
  select * into memory from public.memories
  where memory_log_id = log.memory_log_id and memory_id = request ->> 'memory_id'
    and not is_hidden;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such memory: list the memories to see which there are.');
  end if;
  return private.answer(private.memory_body(memory), (request ->> 'status')::integer);
end
$$;

-- All memories as one document: {principal, companion_id}.
create function public.export_memories(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  log constant public.memory_logs := private.find_memory_log(principal_id, request);
begin
  return private.answer(jsonb_build_object(
    'character_id', log.character_id,
    'exported_at', private.iso(clock_timestamp()),
    'memories', coalesce((
      select jsonb_agg(private.memory_body(memory) order by memory.said_at, memory.memory_id)
      from public.memories memory
      where memory.memory_log_id = log.memory_log_id and not memory.is_hidden), '[]')));
end
$$;

revoke all on function
  private.memory_body(public.memories),
  public.list_memories(jsonb),
  public.read_memory(jsonb),
  public.export_memories(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.memory_body(public.memories),
  public.list_memories(jsonb),
  public.read_memory(jsonb),
  public.export_memories(jsonb)
to service_role;
