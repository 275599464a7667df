-- Saving a reply while it is made, and ending its generation. Offsets count UTF-8 bytes of the
-- reply's text. Locks are taken in the order session, generation, everywhere.

-- What `sent`, the reply's text from `from_offset` on, adds to the first `saved_bytes` bytes. A
-- caller whose answer was lost sends again from the same offset, perhaps with more; one call may
-- overtake another; so what is known is skipped, and a gap is refused.
create function private.text_beyond(saved_bytes integer, from_offset integer, sent text)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  -- A reply of a million tokens; beyond it a model runs in circles.
  max_reply_bytes constant integer := 4194304;
  bytes bytea := convert_to(coalesce(sent, ''), 'UTF8');
  known_bytes integer := saved_bytes - from_offset;
begin
  if from_offset is null or from_offset < 0 or known_bytes < 0 then
    perform private.refuse(422, 'invalid_request', format(
      'from_offset must be 0 to %s, the bytes that are saved: send the text from there.',
      saved_bytes));
  end if;
  if from_offset + length(bytes) > max_reply_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'A reply may have %s bytes: finish the turn with what is saved.', max_reply_bytes));
  end if;
  if known_bytes >= length(bytes) then
    return '';
  end if;
  -- Inside a character: this is not the text that was sent before.
  if get_byte(bytes, known_bytes) & 192 = 128 then
    perform private.refuse(422, 'invalid_request',
      'text differs from what was saved of this reply: send the same text again.');
  end if;
  return convert_from(substr(bytes, known_bytes + 1), 'UTF8');
end
$$;

-- Ends a streaming generation: its text becomes the assistant's message, its chunks go. The caller
-- has locked the session and the generation. `outcome` is what finish_turn takes.
create function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  question public.messages;
begin
  select coalesce(string_agg(chunk.text, '' order by chunk.from_offset), '') into content
  from public.generation_chunks chunk
  where chunk.generation_id = generation.generation_id;
  content := content || private.text_beyond(
    generation.saved_bytes,
    coalesce((outcome ->> 'from_offset')::integer, generation.saved_bytes),
    outcome ->> 'text');

  update public.generations
  set status = outcome ->> 'status',
      saved_bytes = octet_length(content),
      provider = coalesce(outcome ->> 'provider', provider),
      model = coalesce(outcome ->> 'model', model),
      finish_reason = outcome ->> 'finish_reason',
      error_code = outcome ->> 'error_code',
      input_tokens = (usage ->> 'input_tokens')::integer,
      output_tokens = (usage ->> 'output_tokens')::integer,
      first_token_ms = (outcome ->> 'first_token_ms')::integer,
      latency_ms = (outcome ->> 'latency_ms')::integer,
      finished_at = ended_at
  where generation_id = generation.generation_id
  returning * into generation;

  if content = '' then
    return;
  end if;

  delete from public.generation_chunks where generation_id = generation.generation_id;

  select * into question from public.messages where message_id = generation.user_message_id;

  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, role, content,
    status, provider, model, input_tokens, output_tokens, metadata, created_at, updated_at)
  select
    generation.message_id, session.session_id, session.owner_id, question.message_id,
    question.turn_id, question.turn_number, session.message_count + 1, 'assistant', content,
    generation.status, generation.provider, generation.model,
    generation.input_tokens, generation.output_tokens,
    jsonb_strip_nulls(jsonb_build_object(
      'status', generation.status,
      'finish_reason', generation.finish_reason,
      'error_code', generation.error_code,
      'stream_id', generation.stream_id)),
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id;

  -- The path may have moved while the model wrote: then this is one more take beside it.
  update public.sessions
  set message_count = message_count + 1,
      last_message_at = ended_at,
      active_leaf_id = case
        when active_leaf_id = question.message_id then generation.message_id
        else active_leaf_id
      end
  where session_id = generation.session_id;
end
$$;

-- Saves what a running reply has grown by. {generation_id, from_offset, text}, where no text is a
-- heartbeat; returns {cancel_requested, status, saved_bytes}. A status other than streaming means
-- that nothing was stored: stop.
create function public.append_chunk(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  addition text;
begin
  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  if generation.status = 'streaming' then
    addition := private.text_beyond(
      generation.saved_bytes, (request ->> 'from_offset')::integer, request ->> 'text');
    if addition <> '' then
      insert into public.generation_chunks (generation_id, from_offset, text)
      values (generation.generation_id, generation.saved_bytes, addition);
    end if;
    update public.generations
    set saved_bytes = saved_bytes + octet_length(addition), heartbeat_at = clock_timestamp()
    where generation_id = generation.generation_id
    returning * into generation;
  end if;

  return jsonb_build_object(
    'cancel_requested', generation.cancel_requested,
    'status', generation.status,
    'saved_bytes', generation.saved_bytes);
end
$$;

-- Ends a turn. {generation_id, status, from_offset, text, finish_reason, error_code,
-- usage: {input_tokens, output_tokens} | null, first_token_ms, latency_ms, provider, model};
-- returns {message_id, status, already, saved_bytes, title}. message_id is null when the model has
-- said nothing. Calling again changes nothing and says `already`.
create function public.finish_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session_title text;
  is_first_call boolean;
begin
  select session.title into session_title
  from public.sessions session
  where session.session_id = (
    select session_id from public.generations where generation_id = wanted_id)
  for no key update;

  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  is_first_call := generation.status = 'streaming';
  if is_first_call then
    if request ->> 'status' is null or request ->> 'status' not in (
      'complete', 'stopped', 'disconnected', 'interrupted', 'failed') then
      perform private.refuse(422, 'invalid_request',
        'status must be complete, stopped, disconnected, interrupted or failed.');
    end if;
    perform private.close_generation(generation, request);
    select * into generation from public.generations where generation_id = wanted_id;
  end if;

  return jsonb_build_object(
    'message_id', case when generation.saved_bytes > 0 then generation.message_id end,
    'status', generation.status,
    'already', not is_first_call,
    'saved_bytes', generation.saved_bytes,
    'title', session_title);
end
$$;
