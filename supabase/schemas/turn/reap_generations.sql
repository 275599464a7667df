-- Ends replies whose writers are silent. A request that needs such a reply ends it itself
-- (private.end_if_silent); this ends the others.

-- Ends replies that have been silent for too long, keeping their saved text: {limit?}, the number of replies
-- in one call; returns {reaped}. Background work calls it, without a principal. It skips locked rows: they
-- are left for the next call.
create function public.reap_generations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how many sessions one call locks.
  default_limit constant integer := 100;
  max_limit constant integer := 1000;
  -- How long a call of begin_turn may still arrive after it was given up.
  withdrawal_lifetime constant interval := '1 hour';
  limit_given constant numeric := (request ->> 'limit')::numeric;
  row_limit constant integer :=
    least(greatest(coalesce(limit_given, default_limit), 0), max_limit);
  silent record;
  generation public.generations;
  reaped integer := 0;
begin
  for silent in
    -- Few replies are running, and generation_streaming_in_session contains only those: an index by heartbeat
    -- would have to be updated with each heartbeat.
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

-- Runs every minute if the database has pg_cron; the development server uses a timer instead.
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
