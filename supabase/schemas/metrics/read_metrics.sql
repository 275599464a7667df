-- Reads the deployment's metrics, at most 15 seconds old: {}. Returns {text}, in Prometheus' text format
-- 0.0.4. Totals never decrease.
create function public.read_metrics(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_age constant interval := '15 seconds';
  cached public.metrics_cache;
  asked_at timestamptz;
begin
  select * into cached from public.metrics_cache;
  if cached.made_at <= clock_timestamp() - max_age then
    -- One caller renews the cache; concurrent callers get the cached text, if there is any.
    select * into cached from public.metrics_cache for update skip locked;
    if not found then
      select * into cached from public.metrics_cache where text is not null;
      if found then
        return jsonb_build_object('text', cached.text);
      end if;
      select * into cached from public.metrics_cache for update;
    end if;
    asked_at := clock_timestamp();
    if cached.made_at <= asked_at - max_age then
      perform private.count_turn_ends();
      perform private.count_model_calls();
      update public.metrics_cache
      set made_at = asked_at, text = private.metrics_text()
      returning * into cached;
    end if;
  end if;
  return jsonb_build_object('text', cached.text);
end
$$;

revoke all on function public.read_metrics(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_metrics(jsonb) to service_role;

-- If nobody reads the metrics, rows of ends would accumulate forever.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-count-turn-ends', '41 * * * *',
      $job$select public.read_metrics('{}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'ends of turns are not counted by pg_cron: %', sqlerrm;
end
$$;
