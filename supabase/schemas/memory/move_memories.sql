-- Moves a guest's memories to the account (identity/move_belongings.sql). If both have a memory of the same
-- character, the guest's entries follow the account's; both principals and their logs are locked. The next
-- job folds them together.
create function private.move_memory_logs(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  joined record;
begin
  perform from public.memory_logs
  where owner_id in (guest_id, account_id)
  order by memory_log_id
  for no key update;
  for joined in
    select ours.memory_log_id as from_id, theirs.memory_log_id as to_id, theirs.last_position
    from public.memory_logs ours
    join public.memory_logs theirs
      on theirs.owner_id = account_id and theirs.character_id is not distinct from ours.character_id
    where ours.owner_id = guest_id
  loop
    insert into public.memory_entries (
      memory_log_id, owner_id, position, assertion_id, kind, body, message_id, created_at)
    select joined.to_id, account_id, joined.last_position + position, assertion_id, kind, body,
      message_id, created_at
    from public.memory_entries
    where memory_log_id = joined.from_id;
    insert into public.memories
    select (memory).*
    from (
      select jsonb_populate_record(known, jsonb_build_object(
        'memory_log_id', joined.to_id, 'owner_id', account_id)) as memory
      from public.memories known
      where known.memory_log_id = joined.from_id
    ) moved
    on conflict (memory_log_id, memory_id) do nothing;
    update public.memory_logs
    set last_position = last_position + (
          select last_position from public.memory_logs where memory_log_id = joined.from_id),
        version = version + 1
    where memory_log_id = joined.to_id;
    delete from public.memory_logs where memory_log_id = joined.from_id;
  end loop;
  update public.memory_logs set owner_id = account_id where owner_id = guest_id;
end
$$;

revoke all on function private.move_memory_logs(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.move_memory_logs(uuid, uuid) to service_role;
