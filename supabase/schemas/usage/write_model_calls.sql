-- Writes calls to the ledger: an array of {provider, model, status, started_at?, latency_ms?,
-- first_token_ms?, input_tokens?, cached_tokens?, cache_write_tokens?, output_tokens?, reasoning_tokens?,
-- cost_usd?, error_code?, round?}, started_at in milliseconds since the epoch, in the order in which they
-- were made. `common` has owner_id, source_id, generation_id, job_id, step, project_id and kind. A call that
-- is recorded already is updated. Malformed values never refuse the caller: the valid parts of a call are
-- stored.
create function private.write_model_calls(common public.model_calls, calls jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_calls constant integer := 100;
  recorded_at constant timestamptz := coalesce(common.created_at, clock_timestamp());
begin
  if jsonb_typeof(calls) is distinct from 'array' then
    return;
  end if;
  insert into public.model_calls as known (
    owner_id, source_id, place, generation_id, job_id, step, project_id, kind, round, provider, model,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, is_estimated,
    cost_usd, status, error_code, started_at, first_token_ms, latency_ms, created_at)
  select common.owner_id, common.source_id, made.place, common.generation_id, common.job_id,
    common.step, common.project_id, common.kind, greatest(private.count_of(made.call -> 'round'), 1),
    left(made.call ->> 'provider', 64), left(made.call ->> 'model', 256),
    private.count_of(made.call -> 'input_tokens'), private.count_of(made.call -> 'cached_tokens'),
    private.count_of(made.call -> 'cache_write_tokens'),
    coalesce(private.count_of(made.call -> 'output_tokens'),
      private.count_of(made.call -> 'estimated_output_tokens'), 0),
    private.count_of(made.call -> 'reasoning_tokens'),
    private.count_of(made.call -> 'output_tokens') is null,
    case when jsonb_typeof(made.call -> 'cost_usd') = 'number'
      then least(greatest((made.call -> 'cost_usd')::numeric, 0), 999999999) end,
    case when made.call ->> 'status' in
        ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')
      then made.call ->> 'status' else 'failed' end,
    left(nullif(made.call ->> 'error_code', ''), 64),
    to_timestamp(case when jsonb_typeof(made.call -> 'started_at') = 'number'
      then least(greatest((made.call -> 'started_at')::numeric, 0), 4102444800000) / 1000 end),
    private.count_of(made.call -> 'first_token_ms'), private.count_of(made.call -> 'latency_ms'),
    recorded_at
  from jsonb_array_elements(calls) with ordinality as made (call, place)
  where made.place <= max_calls and jsonb_typeof(made.call) = 'object'
  on conflict (source_id, place) do update
  set provider = excluded.provider, model = excluded.model, round = excluded.round,
      input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens,
      cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens,
      reasoning_tokens = excluded.reasoning_tokens, is_estimated = excluded.is_estimated,
      cost_usd = excluded.cost_usd, status = excluded.status, error_code = excluded.error_code,
      started_at = excluded.started_at, first_token_ms = excluded.first_token_ms,
      latency_ms = excluded.latency_ms;
end
$$;

revoke all on function private.write_model_calls(public.model_calls, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_model_calls(public.model_calls, jsonb) to service_role;
