-- Writing the ledger.

-- A number as a column takes it: what is none is null, what is out of its range its end.
create function private.count_of(number jsonb) returns integer
language sql immutable parallel safe
return case when pg_catalog.jsonb_typeof(number) = 'number'
  then least(greatest(number::numeric, 0), 2147483647)::integer end;

-- Writes down calls: an array of {provider, model, status, started_at?, latency_ms?, first_token_ms?, input_tokens?,
-- cached_tokens?, cache_write_tokens?, output_tokens?, reasoning_tokens?, cost_usd?, error_code?, round?},
-- started_at in milliseconds since the epoch, in the order in which they were made. `common` has owner_id,
-- source_id, generation_id, job_id, step, project_id and kind. What was written down before is told better now.
-- Odd calls are no fault of who is served: they are written down as far as they can be.
create function private.record_model_calls(common public.model_calls, calls jsonb) returns void
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

-- Writes down the calls of a turn that has ended: `attempts` of finish_turn, or where it tells none what the
-- generation's row says, as when its writer has died: the row is the call until then. Of a call that
-- was ended before the provider told its usage, the output is estimated by the text.
create function private.record_turn_calls(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  attempts jsonb := outcome -> 'attempts';
  made_tokens constant integer := private.estimate_tokens(
    repeat('.', greatest(generation.saved_bytes - generation.base_bytes, 0)));
  common public.model_calls;
  last integer;
begin
  select generation.owner_id, generation.generation_id, generation.generation_id, session.kind,
    session.project_id, generation.finished_at
  into common.owner_id, common.source_id, common.generation_id, common.kind, common.project_id,
    common.created_at
  from public.sessions session
  where session.session_id = generation.session_id;
  if jsonb_typeof(attempts) is distinct from 'array' then
    attempts := jsonb_build_array(jsonb_build_object(
      'provider', generation.provider, 'model', generation.model, 'status', generation.status,
      'input_tokens', generation.input_tokens, 'output_tokens', generation.output_tokens,
      'error_code', generation.error_code,
      'started_at', floor(extract(epoch from generation.started_at) * 1000),
      'first_token_ms', generation.first_token_ms, 'latency_ms', generation.latency_ms));
  end if;
  last := jsonb_array_length(attempts) - 1;
  if last >= 0 and jsonb_typeof(attempts -> last) = 'object' then
    attempts := jsonb_set(attempts, array[last::text, 'estimated_output_tokens'],
      to_jsonb(made_tokens));
  end if;
  perform private.record_model_calls(common, attempts);
end
$$;

-- Writes down the calls of an attempt at a step.
create function private.record_step_calls(
  job public.jobs, step public.job_steps, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  common public.model_calls;
begin
  common.owner_id := job.owner_id;
  common.source_id := step.lease_token;
  common.job_id := job.job_id;
  common.step := step.step;
  common.kind := job.kind;
  common.project_id := coalesce(job.project_id, (
    select project_id from public.sessions where session_id = job.session_id));
  perform private.record_model_calls(common, calls);
end
$$;

-- Of a worker whose lease has ended without a word nobody knows what it has asked: one call, until it tells.
create function private.record_lost_call(job public.jobs, step public.job_steps) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.record_step_calls(job, step, '[{"status": "interrupted"}]');
end
$$;

-- Writes down calls whose step has gone to somebody else, or is gone: {job_id, step, kind, user_id, project_id?,
-- lease_token, calls}, as claim_step has told them. Returns {}.
create function public.record_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  common public.model_calls;
begin
  common.source_id := private.read_id(request, 'lease_token');
  common.kind := request ->> 'kind';
  common.step := (request ->> 'step')::integer;
  select job_id, owner_id into common.job_id, common.owner_id
  from public.jobs where job_id = private.read_id(request, 'job_id')
  for key share;
  -- Whose it was, if they are still there: an account that was deleted keeps no ledger.
  if not found then
    select id into common.owner_id from public.principals
    where id = private.read_id(request, 'user_id')
    for key share;
  end if;
  if common.owner_id is not null and common.source_id is not null then
    common.project_id := private.read_id(request, 'project_id');
    perform private.record_model_calls(common, request -> 'calls');
  end if;
  return '{}';
end
$$;
