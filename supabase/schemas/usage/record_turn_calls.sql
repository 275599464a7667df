-- Records the calls of a turn that has ended: `attempts` of finish_turn, or, if its writer has died and
-- reported none, one call from the generation's row. If a call was ended before the provider reported its
-- usage, its output tokens are estimated from the text.
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
  perform private.write_model_calls(common, attempts);
end
$$;

revoke all on function private.record_turn_calls(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.record_turn_calls(public.generations, jsonb) to service_role;
