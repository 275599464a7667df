-- That the claimed parts have been read; whether there is more. The task is locked, with its session. A
-- task that was only to fold has no spans.
create function private.store_extraction(task public.background_tasks) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- What comes later in a text is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
begin
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(content) from public.messages where message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(nullif(task.payload -> 'spans', 'null')) as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = task.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return exists (select from private.unread_on_path(task.session_id));
end
$$;

revoke all on function private.store_extraction(public.background_tasks)
from public, anon, authenticated, service_role;
grant execute on function private.store_extraction(public.background_tasks) to service_role;
