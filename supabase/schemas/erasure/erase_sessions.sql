-- Deletes at most row_limit rows of these sessions, children before parents and the sessions last, and
-- returns their number; fewer than row_limit: the sessions are gone. The sessions are locked, and so is a
-- story's project. Findings in their messages (dossier_assertions, memory_entries) should be gone already,
-- because each is written to when its message is deleted.
create function private.erase_sessions(session_ids uuid[], row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  parts constant text[][] := array[
    ['public.live_connections', 'session_id'], ['public.live_sessions', 'session_id'],
    ['public.conversation_events', 'session_id'], ['public.message_revisions', 'session_id'],
    ['public.message_extractions', 'session_id'], ['public.session_summaries', 'session_id'],
    ['public.memory_readings', 'session_id'], ['public.story_parts', 'session_id']];
  deleted integer := 0;
  deleted_now integer;
  generation_ids uuid[];
  erased record;
begin
  loop
    deleted_now := private.erase_jobs(session_ids, '{}', row_limit - deleted);
    deleted := deleted + deleted_now;
    exit when deleted_now = 0 or deleted >= row_limit;
  end loop;
  deleted := deleted + private.delete_rows_of(parts, session_ids, row_limit - deleted);
  while deleted < row_limit loop
    generation_ids := array(
      select generation_id from public.generations
      where generation_id = any (array(
        select generation_id from public.generations
        where session_id = any (session_ids)
        limit row_limit - deleted))
      order by generation_id
      for no key update);
    exit when generation_ids = '{}';
    deleted := deleted + private.delete_rows_of(
      array[['public.generation_chunks', 'generation_id'], ['public.generations', 'generation_id']],
      generation_ids, row_limit - deleted);
  end loop;

  for erased in
    select session_id, owner_id from public.sessions where session_id = any (session_ids)
  loop
    exit when deleted >= row_limit;
    update public.sessions set active_leaf_id = null
    where session_id = erased.session_id and active_leaf_id is not null;
    -- A message comes after its parent.
    delete from public.messages
    where ctid = any (array(
      select ctid from public.messages
      where session_id = erased.session_id and owner_id = erased.owner_id
      order by position desc
      limit row_limit - deleted));
    get diagnostics deleted_now = row_count;
    deleted := deleted + deleted_now;
    exit when deleted >= row_limit;
    delete from public.sessions where session_id = erased.session_id;
    deleted := deleted + 1;
  end loop;
  return deleted;
end
$$;

revoke all on function private.erase_sessions(uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_sessions(uuid[], integer) to service_role;
