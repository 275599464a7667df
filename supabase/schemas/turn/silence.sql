-- The time until the writer of a streaming generation is considered dead, in milliseconds; 0: it is. Only the
-- database's clock decides: heartbeats are written with it, and no other clock's time is compared with it. A
-- live writer sends one at least every 5 seconds, and one that was only slow may reopen its reply. The limit
-- leaves one of the 15 seconds within which those who follow a reply learn that its writer has died.
create function private.silent_in_ms(generation public.generations) returns integer
language plpgsql set search_path = '' as $$
declare
  silence_limit_ms constant integer := 14000;
begin
  -- No more than an integer holds, whatever the row says.
  return greatest(least(
    ceil(1000 * extract(epoch from generation.heartbeat_at - clock_timestamp())) + silence_limit_ms,
    2147483647), 0)::integer;
end
$$;

create function private.is_silent(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
begin
  return private.silent_in_ms(generation) = 0;
end
$$;

-- Ends a streaming generation whose writer is silent. The caller has locked the session and the generation.
create function private.end_for_silence(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.close_generation(
    generation, '{"status": "interrupted", "error_code": "interrupted"}');
  update public.generations set ended_by_silence = true
  where generation_id = generation.generation_id;
end
$$;

-- Ends this generation if its writer is silent; the caller has locked nothing else.
create function private.end_if_silent(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  if generation.status <> 'streaming' or not private.is_silent(generation) then
    return;
  end if;
  perform from public.sessions where session_id = generation.session_id for no key update;
  -- Read again: it may have gone on, or ended, before it was locked.
  select * into generation from public.generations
  where generation_id = generation.generation_id
  for no key update;
  if generation.status = 'streaming' and private.is_silent(generation) then
    perform private.end_for_silence(generation);
  end if;
end
$$;

-- Refuses while a turn runs in the session; a turn whose writer is silent is ended instead. The caller has
-- locked the session.
create function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if not private.is_silent(running) then
    perform private.refuse_while_running(running,
      'A reply is still being written in this session: wait until it ends, or cancel it.');
  end if;
  perform private.end_for_silence(running);
end
$$;

revoke all on function
  private.silent_in_ms(public.generations),
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.silent_in_ms(public.generations),
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
to service_role;
