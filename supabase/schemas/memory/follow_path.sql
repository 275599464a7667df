-- A companion's memory follows the conversation's path: memories found only in messages that have left it are
-- not recalled, from the same transaction on; memories that return, or were replaced by a correction that has
-- left, are available after the next fold.

-- Records that these messages of a session have left the path, or come back. The session is locked.
create function private.move_memories(
  session public.sessions, left_ids uuid[], back_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  log_id uuid;
begin
  update public.memory_readings
  set is_on_path = message_id = any (back_ids)
  where session_id = session.session_id and message_id = any (left_ids || back_ids)
    and is_on_path <> (message_id = any (back_ids));
  if not found then
    return;
  end if;
  update public.memory_logs
  set version = version + 1
  where owner_id = session.owner_id and character_id is not distinct from session.character_id
  returning memory_log_id into log_id;
  update public.memories memory
  set is_hidden = not exists (
    select from unnest(memory.message_ids) as found (message_id)
    cross join lateral (
      select session_id from public.messages where message_id = found.message_id limit 1
    ) message
    join public.memory_readings reading
      on reading.session_id = message.session_id and reading.message_id = found.message_id
    where reading.is_on_path)
  where memory.memory_log_id = log_id and memory.message_ids && (left_ids || back_ids)
    and not memory.is_pinned;
end
$$;

create function private.follow_path_with_memories() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  if old.is_active and not new.is_active then
    -- The conversation is deleted, and with it what was found in it.
    perform private.move_memories(new, array(
      select message_id from public.memory_readings where session_id = new.session_id), '{}');
    delete from public.memories memory
    using public.memory_logs log
    where log.owner_id = new.owner_id and log.character_id is not distinct from new.character_id
      and memory.memory_log_id = log.memory_log_id and memory.is_hidden
      and exists (
        select from public.memory_readings reading
        where reading.session_id = new.session_id
          and reading.message_id = any (memory.message_ids));
    delete from public.memory_entries entry
    using public.memory_readings reading
    where reading.session_id = new.session_id and entry.message_id = reading.message_id;
    return null;
  end if;
  -- The usual case: a new message follows the last one.
  if exists (
    select from public.messages
    where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
  and not exists (
    select from public.memory_readings
    where session_id = new.session_id and message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select * into moved from private.path_difference(old.active_leaf_id, new.active_leaf_id);
  perform private.move_memories(new, moved.left_ids, moved.back_ids);
  if exists (
    select from public.memory_readings
    where session_id = new.session_id and message_id = any (moved.left_ids || moved.back_ids))
  then
    perform private.plan_memory(new);
  end if;
  return null;
end
$$;

-- Runs when a message is deleted for good, with its session or because its turn is withdrawn.
create function private.forget_deleted_reading() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.memories memory
  set message_ids = array_remove(memory.message_ids, old.message_id),
      is_hidden = memory.is_hidden
        or not memory.is_pinned and memory.message_ids = array[old.message_id]
  where memory.owner_id = old.owner_id and old.message_id = any (memory.message_ids);
  return null;
end
$$;

-- Runs when a character is deleted: its memory of its owner is deleted too.
create function private.delete_memories_of_character() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.memory_logs
  where owner_id = old.owner_id and character_id = old.character_id;
  return null;
end
$$;

revoke all on function
  private.move_memories(public.sessions, uuid[], uuid[]),
  private.follow_path_with_memories(),
  private.forget_deleted_reading(),
  private.delete_memories_of_character()
from public, anon, authenticated, service_role;
grant execute on function private.move_memories(public.sessions, uuid[], uuid[]) to service_role;

create trigger follow_path_with_memories after update of active_leaf_id, is_active on public.sessions
  for each row when (
    new.kind = 'companion'
    and (old.active_leaf_id <> new.active_leaf_id or old.is_active and not new.is_active))
  execute function private.follow_path_with_memories();

create trigger forget_deleted_reading after delete on public.memory_readings
  for each row execute function private.forget_deleted_reading();

create trigger delete_memories_of_character after delete on public.characters
  for each row execute function private.delete_memories_of_character();
