-- Saves new text of a running reply: {generation_id, from_offset, text}, where an empty text is a heartbeat;
-- returns {cancel_requested, status, saved_bytes}. A status other than streaming means that nothing was
-- stored and the writer must stop. A reply that was ended for silence is reopened if possible.
create function public.append_chunk(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  addition text;
begin
  -- Most replies are running, and need not wait for the lock of their session.
  select * into generation from public.generations
  where generation_id = wanted_id and not ended_by_silence
  for no key update;
  if not found then
    perform from public.sessions
    where session_id = (
      select session_id from public.generations where generation_id = wanted_id)
    for no key update;
    select * into generation from public.generations
    where generation_id = wanted_id
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
    end if;
    if generation.ended_by_silence then
      generation := private.reopen_generation(generation);
    end if;
  end if;
  if generation.status = 'streaming' then
    addition := private.text_beyond(
      generation.saved_bytes, (request ->> 'from_offset')::integer, request ->> 'text');
    if addition <> '' then
      insert into public.generation_chunks (generation_id, from_offset, text)
      values (generation.generation_id, generation.saved_bytes, addition);
    end if;
    update public.generations
    set saved_bytes = saved_bytes + octet_length(addition),
        save_count = save_count + (addition <> '')::integer,
        heartbeat_at = clock_timestamp()
    where generation_id = generation.generation_id
    returning * into generation;
  end if;

  return jsonb_build_object(
    'cancel_requested', generation.cancel_requested,
    'status', generation.status,
    'saved_bytes', generation.saved_bytes);
end
$$;

revoke all on function public.append_chunk(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.append_chunk(jsonb) to service_role;
