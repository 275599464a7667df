-- Ends a turn: {generation_id, status, from_offset, text, finish_reason, error_code, usage: {input_tokens,
-- output_tokens} | null, first_token_ms, latency_ms, provider, model, attempts?, extract?, dossier_facts?,
-- instruction_sent?}, where attempts are the turn's model calls (private.write_model_calls), `extract` true
-- means that question and reply are worth reading for the dossier, dossier_facts are the ids of the facts in
-- the prompt, and instruction_sent false means that the model got no instruction, but continued its own
-- words. Returns {message_id, status, already, saved_bytes, title}, and if the turn has asked for its dossier
-- also `dossier`, {version, pending, updated}, in its current state. message_id is null when the model has
-- written nothing. Calling again changes nothing and returns `already` true; so does a call for a reply that
-- was ended for silence and cannot be reopened: the caller compares status and saved_bytes with what its
-- client has.
create function public.finish_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session record;
  fact_ids constant jsonb := coalesce(nullif(request -> 'dossier_facts', 'null'), '[]');
  is_first_call boolean;
begin
  select found.session_id, found.project_id, found.title into session
  from public.sessions found
  where found.session_id = (
    select session_id from public.generations where generation_id = wanted_id)
  for no key update;

  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  if request ->> 'status' is not null then
    generation := private.reopen_generation(generation);
  end if;
  is_first_call := generation.status = 'streaming';
  if is_first_call then
    if request ->> 'status' is null or request ->> 'status' not in (
      'complete', 'stopped', 'disconnected', 'interrupted', 'failed') then
      perform private.refuse(422, 'invalid_request',
        'status must be complete, stopped, disconnected, interrupted or failed.');
    end if;
    perform private.check_fact_ids(fact_ids);
    perform private.close_generation(generation, request);
    if fact_ids <> '[]' then
      update public.generations set dossier_facts = fact_ids
      where generation_id = generation.generation_id;
    end if;
    if not coalesce((request ->> 'instruction_sent')::boolean, true) then
      update public.generations set instruction = null
      where generation_id = generation.generation_id;
    end if;
    select * into generation from public.generations where generation_id = wanted_id;
  end if;

  return jsonb_build_object(
    'message_id', case when generation.saved_bytes > 0 then generation.message_id end,
    'status', generation.status,
    'already', not is_first_call,
    'saved_bytes', generation.saved_bytes,
    'title', session.title)
    || case when generation.dossier_version is null then '{}'
      else jsonb_build_object('dossier', (
        select jsonb_build_object(
          'version', dossier.head,
          'pending', private.is_dossier_pending(generation.session_id),
          'updated', private.is_dossier_updated(
            generation.session_id, generation.epoch, dossier.head))
        from public.dossiers dossier
        where dossier.project_id = session.project_id)) end;
end
$$;

revoke all on function public.finish_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.finish_turn(jsonb) to service_role;
