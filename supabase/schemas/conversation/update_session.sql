-- Changes the members in body: {principal, session_id, if_match, body: {title, instructions, model,
-- temperature, max_tokens}}, where null removes all but the title; the model is provider:model.
create function public.update_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(request -> 'body', '{}');
  new_title constant text := btrim(body ->> 'title');
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.session_version(session));
  if body ? 'title' and char_length(new_title) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'title must have 1 to 200 characters.');
  end if;
  perform private.check_instructions(body);
  perform private.check_model_settings(body);
  update public.sessions
  set title = coalesce(new_title, title),
      instructions = case when body ? 'instructions' then body ->> 'instructions' else instructions end,
      model = case when body ? 'model' then body ->> 'model' else model end,
      temperature = case when body ? 'temperature'
        then (body ->> 'temperature')::numeric else temperature end,
      max_tokens = case when body ? 'max_tokens'
        then (body ->> 'max_tokens')::integer else max_tokens end
  where session_id = session.session_id
  returning * into session;
  return private.answer(
    private.describe_session(session), etag => private.session_version(session));
end
$$;

revoke all on function public.update_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.update_session(jsonb) to service_role;
