-- For a writer that was only slow: its reply was ended for silence although it is alive. Unless the
-- conversation has continued since, the writer continues its reply as if it had never been silent.

-- Returns the generation, streaming again if that is possible, unchanged otherwise. The caller has locked the
-- session and the generation. The message, if there is one, is what readers see until the reply ends.
create function private.reopen_generation(generation public.generations)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  content text;
begin
  if not generation.ended_by_silence then
    return generation;
  end if;
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch then
    return generation;
  end if;
  if generation.saved_bytes > 0 then
    -- A person has edited the reply's message.
    select message.content into content from public.messages message
    where message.message_id = generation.message_id and message.revision = 1;
    if not found then
      return generation;
    end if;
  elsif generation.base_bytes > 0 then
    -- It has added nothing yet to the reply that it continues, so it needs that reply's text of that time.
    select continued.content into content from public.messages continued
    where continued.message_id = generation.continued_from_id
      and octet_length(continued.content) = generation.base_bytes
      and not exists (
        select from public.message_revisions replaced
        where replaced.session_id = continued.session_id
          and replaced.message_id = continued.message_id
          and replaced.last_epoch >= generation.epoch);
    if not found then
      return generation;
    end if;
  end if;

  -- Counts the turn once: the counted end is removed, or only the difference is counted later.
  delete from public.turn_ends counted
  where counted.generation_id = generation.generation_id and counted.status = 'interrupted';
  if not found then
    update public.generations set save_count = 0, is_end_counted = true
    where generation_id = generation.generation_id;
  end if;
  if content <> '' then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, content);
  end if;
  update public.generations
  set status = 'streaming', finished_at = null, error_code = null, ended_by_silence = false,
      saved_bytes = coalesce(octet_length(content), 0), heartbeat_at = clock_timestamp()
  where generation_id = generation.generation_id
  returning * into generation;
  perform private.reopen_turn_share(generation);
  -- The path that the end of the reply restored.
  update public.sessions
  set active_leaf_id = generation.user_message_id
  where session_id = generation.session_id
    and active_leaf_id = generation.previous_leaf_id
    and not exists (
      select from public.messages where message_id = generation.message_id);
  return generation;
end
$$;

revoke all on function private.reopen_generation(public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.reopen_generation(public.generations) to service_role;
