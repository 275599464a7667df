-- Adds the changes that are not in the totals yet. Never runs concurrently: the caller has locked the cache's
-- row.
create function private.count_model_calls() returns void
language plpgsql set search_path = '' as $$
declare
  -- The same limit as in private.count_turn_ends.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.model_call_totals) known);
begin
  with changed as (
    delete from public.model_call_changes returning *
  ),
  models as (
    select sent.*, exists (
      select from public.model_call_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from changed) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  )
  insert into public.model_call_totals as total
  select changed.kind, coalesce(admitted.provider, 'other') as provider,
    coalesce(admitted.model, 'other') as model, changed.status,
    sum(changed.calls), sum(changed.input_tokens), sum(changed.output_tokens), sum(changed.cost_usd)
  from changed
  left join admitted
    on admitted.kind = changed.kind and admitted.provider = changed.provider
    and admitted.model = changed.model
  group by 1, 2, 3, 4
  on conflict (kind, provider, model, status) do update
  set calls = total.calls + excluded.calls,
      input_tokens = total.input_tokens + excluded.input_tokens,
      output_tokens = total.output_tokens + excluded.output_tokens,
      cost_usd = total.cost_usd + excluded.cost_usd;
end
$$;

revoke all on function private.count_model_calls() from public, anon, authenticated, service_role;
grant execute on function private.count_model_calls() to service_role;
