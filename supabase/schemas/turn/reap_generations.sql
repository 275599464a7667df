-- Replies whose writer is silent. Who needs one of them ends it on the way (private.end_if_silent); this
-- ends those that nobody asks for.

-- Ends replies that have been silent for too long, with what is saved of them: {limit?}, of replies
-- in one call; returns {reaped}. Background work calls it, for nobody. It waits for nobody either:
-- what somebody works on is left for the next call.
create function public.reap_generations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds sessions.
  default_limit constant integer := 100;
  max_limit constant integer := 1000;
  -- How long a call of begin_turn may still come after it was given up.
  withdrawal_lifetime constant interval := '1 hour';
  limit_given constant numeric := (request ->> 'limit')::numeric;
  row_limit constant integer :=
    least(greatest(coalesce(limit_given, default_limit), 0), max_limit);
  silent record;
  generation public.generations;
  reaped integer := 0;
begin
  for silent in
    -- Few are running, and generation_streaming_in_session has them alone: an index by heartbeat
    -- would have to be written with each of them.
    select running.generation_id, running.session_id
    from public.generations running
    where running.status = 'streaming' and private.is_silent(running)
    order by running.heartbeat_at
  loop
    exit when reaped >= row_limit;
    perform from public.sessions where session_id = silent.session_id
    for no key update skip locked;
    continue when not found;
    select * into generation from public.generations
    where generation_id = silent.generation_id
    for no key update skip locked;
    if found and generation.status = 'streaming' and private.is_silent(generation) then
      perform private.end_for_silence(generation);
      reaped := reaped + 1;
    end if;
  end loop;
  delete from public.withdrawn_calls where created_at < clock_timestamp() - withdrawal_lifetime;
  return jsonb_build_object('reaped', reaped);
end
$$;

revoke all on function public.reap_generations(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.reap_generations(jsonb) to service_role;

-- Every minute, where the database has a clock of its own. The development server has a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-reap-generations', '* * * * *',
      $job$select public.reap_generations('{"limit": 1000}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'silent replies are not ended by pg_cron: %', sqlerrm;
end
$$;
