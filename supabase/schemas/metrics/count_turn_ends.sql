-- Adds the ends that are not in the totals yet. Never runs concurrently: the caller has locked the cache's
-- row.
create function private.count_turn_ends() returns void
language plpgsql set search_path = '' as $$
declare
  -- Owners of bots choose names of models, and each name is a time series for whoever reads the metrics.
  -- Names beyond the limit are counted together.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.turn_totals) known);
begin
  with ended as (
    delete from public.turn_ends returning *
  ),
  models as (
    select sent.*, exists (
      select from public.turn_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from ended) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  ),
  counted as (
    insert into public.turn_totals as total
    select ended.kind, coalesce(admitted.provider, 'other') as provider,
      coalesce(admitted.model, 'other') as model, ended.status,
      count(*) filter (where not ended.is_addition), sum(ended.saves)
    from ended
    left join admitted
      on admitted.kind = ended.kind and admitted.provider = ended.provider
      and admitted.model = ended.model
    group by 1, 2, 3, 4
    on conflict (kind, provider, model, status) do update
    set turns = total.turns + excluded.turns,
        saves = total.saves + excluded.saves
  )
  insert into public.duration_totals as total
  -- Durations are whole milliseconds, so bounds up to duration - 1 are those below the duration.
  select timed.measure, ended.kind,
    width_bucket(timed.duration_ms - 1, private.duration_bounds_ms()) as bucket,
    count(*), sum(timed.duration_ms)
  from ended
  cross join lateral (
    values ('first_token', ended.first_token_ms), ('latency', ended.latency_ms)
  ) timed (measure, duration_ms)
  where timed.duration_ms is not null
  group by 1, 2, 3
  on conflict (measure, kind, bucket) do update
  set durations = total.durations + excluded.durations, sum_ms = total.sum_ms + excluded.sum_ms;
end
$$;

revoke all on function private.count_turn_ends() from public, anon, authenticated, service_role;
grant execute on function private.count_turn_ends() to service_role;
