-- Deletes at most row_limit rows of a deleted principal's memories, and returns their number.
create function private.erase_memory_logs(principal_id uuid, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  max_logs constant integer := 100;
  log_ids uuid[];
begin
  log_ids := array(
    select memory_log_id from public.memory_logs
    where memory_log_id = any (array(
      select memory_log_id from public.memory_logs where owner_id = principal_id limit max_logs))
    order by memory_log_id
    for no key update);
  return private.delete_rows_of(
    array[['public.memory_entries', 'memory_log_id'], ['public.memories', 'memory_log_id'],
      ['public.memory_logs', 'memory_log_id']],
    log_ids, row_limit);
end
$$;

revoke all on function private.erase_memory_logs(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_memory_logs(uuid, integer) to service_role;
