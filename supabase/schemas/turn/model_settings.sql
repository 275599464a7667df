-- The settings of the model that answers a turn: those that the turn has chosen, else its session's, else the
-- deployment's.

-- Refuses settings of a session that cannot be stored. Absent ones, and null, are accepted. Only the edge
-- knows the deployment's models and token limit.
create function private.check_model_settings(body jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if (body ->> 'model' ~ '^[a-z]+:.' and char_length(body ->> 'model') <= 256) is false then
    perform private.refuse(422, 'invalid_request',
      'model must be provider:model, of at most 256 characters.');
  end if;
  if (jsonb_typeof(body -> 'temperature') not in ('number', 'null'))
    or (body ->> 'temperature')::numeric not between 0 and 2
  then
    perform private.refuse(422, 'invalid_request', 'temperature must be a number from 0 to 2.');
  end if;
  if (jsonb_typeof(body -> 'max_tokens') not in ('number', 'null'))
    or (body ->> 'max_tokens')::numeric not between 1 and 2147483647
    or (body ->> 'max_tokens')::numeric % 1 <> 0
  then
    perform private.refuse(422, 'invalid_request', 'max_tokens must be a whole number from 1 on.');
  end if;
end
$$;

-- {model, temperature, max_tokens}, where the turn (request.chosen) or its session has chosen them, with no
-- more tokens than the deployment allows. A bot's own model takes precedence.
create function private.chosen_settings(
  session public.sessions, bot public.bots, request jsonb
) returns jsonb
language sql stable
return jsonb_strip_nulls(jsonb_build_object(
  'model', coalesce(request #>> '{chosen,model}', case when bot.model is null then session.model end),
  'temperature', coalesce(
    (request #>> '{chosen,temperature}')::numeric, trim_scale(session.temperature)),
  'max_tokens', case
    when coalesce(request #>> '{chosen,max_tokens}', session.max_tokens::text) is not null then least(
      coalesce((request #>> '{chosen,max_tokens}')::integer, session.max_tokens),
      (request #>> '{settings,max_output_tokens}')::integer) end));

-- The request with the results of the chosen settings: `settings` for the model; `provider` and `model` if
-- the session has chosen the model; and `reply_metadata`, which reports the chosen settings in the reply.
create function private.with_chosen_settings(request jsonb, chosen jsonb) returns jsonb
language sql stable
return request
  || jsonb_build_object(
    'settings', coalesce(nullif(request -> 'settings', 'null'), '{}')
      || jsonb_strip_nulls(jsonb_build_object(
        'temperature', chosen -> 'temperature', 'max_output_tokens', chosen -> 'max_tokens')),
    'reply_metadata', chosen - 'model'
      || jsonb_strip_nulls(jsonb_build_object('guidance', request -> 'guidance')))
  || case when request #>> '{chosen,model}' is null and chosen ? 'model'
    then jsonb_build_object(
      'provider', split_part(chosen ->> 'model', ':', 1),
      'model', substr(chosen ->> 'model', strpos(chosen ->> 'model', ':') + 1))
    else '{}' end;

revoke all on function
  private.check_model_settings(jsonb),
  private.chosen_settings(public.sessions, public.bots, jsonb),
  private.with_chosen_settings(jsonb, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_model_settings(jsonb),
  private.chosen_settings(public.sessions, public.bots, jsonb),
  private.with_chosen_settings(jsonb, jsonb)
to service_role;
