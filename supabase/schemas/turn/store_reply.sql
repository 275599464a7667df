-- Stores the end of a streaming generation: its text becomes the assistant's message, and its chunks are
-- deleted. The caller has locked the session and the generation. `outcome` is finish_turn's request. A run
-- that has added no text stores nothing, and restores the path. The message exists already if the reply was
-- ended for silence and reopened.
create function private.store_reply(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  has_said_something boolean;
  is_known boolean;
  question public.messages;
begin
  select coalesce(string_agg(chunk.text, '' order by chunk.from_offset), '') into content
  from public.generation_chunks chunk
  where chunk.generation_id = generation.generation_id;
  content := content || private.text_beyond(
    generation.saved_bytes,
    coalesce((outcome ->> 'from_offset')::integer, generation.saved_bytes),
    outcome ->> 'text');
  has_said_something := octet_length(content) > generation.base_bytes;

  update public.generations
  set status = outcome ->> 'status',
      saved_bytes = case when has_said_something then octet_length(content) else 0 end,
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
  perform private.record_turn_calls(generation, outcome);
  perform private.settle_turn(generation);

  delete from public.generation_chunks where generation_id = generation.generation_id;

  if not has_said_something then
    update public.sessions
    set active_leaf_id = generation.previous_leaf_id
    where session_id = generation.session_id
      and active_leaf_id = generation.user_message_id
      and generation.previous_leaf_id is not null;
    return;
  end if;

  select * into question from public.messages where message_id = generation.user_message_id;
  is_known := exists (select from public.messages where message_id = generation.message_id);

  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role,
    content, status, provider, model, input_tokens, output_tokens, metadata, created_at, updated_at)
  select
    generation.message_id, session.session_id, session.owner_id, question.message_id,
    question.turn_id, question.turn_number, session.message_count + 1, question.depth + 1,
    'assistant', content,
    generation.status, generation.provider, generation.model,
    generation.input_tokens, generation.output_tokens,
    jsonb_strip_nulls(jsonb_build_object(
      'status', generation.status,
      'finish_reason', generation.finish_reason,
      'error_code', generation.error_code,
      'stream_id', generation.stream_id,
      'continued_from', generation.continued_from_id,
      'provider', generation.provider,
      'model', generation.model)) || generation.reply_metadata,
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id
  on conflict (message_id) do update
  set content = excluded.content, status = excluded.status, provider = excluded.provider,
      model = excluded.model, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, metadata = excluded.metadata;

  -- The path may have moved while the model wrote: then the reply is another take beside it.
  update public.sessions
  set message_count = message_count + (not is_known)::integer,
      last_message_at = ended_at,
      active_leaf_id = case
        when active_leaf_id = question.message_id then generation.message_id
        else active_leaf_id
      end
  where session_id = generation.session_id;
end
$$;

revoke all on function private.store_reply(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.store_reply(public.generations, jsonb) to service_role;
