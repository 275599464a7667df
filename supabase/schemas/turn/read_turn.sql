-- Reads a stored or running reply: {principal, stream_id | generation_id, after_bytes}; returns {status,
-- stream_id, generation_id, epoch, session_id, project_id, user_id, message_id, user_message_id, turn_number,
-- action, base_bytes, saved_bytes, text, is_final, cancel_requested, error_code, finish_reason, provider,
-- model, usage, title}, while it runs also silent_in_ms, after which its writer is considered dead if it
-- stays silent, `dossier` if the turn has asked for it, and `reply_metadata` if it has any. text is the
-- stored text after the first after_bytes bytes, as it was streamed, even if the message was edited since;
-- empty for a caller that has more than is stored. message_id is null when the reply has ended without text.
create function public.read_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  after_bytes_text text := coalesce(request ->> 'after_bytes', '0');
  after_bytes integer;
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted public.generations;
  answer jsonb;
begin
  if after_bytes_text !~ '^[0-9]{1,9}$' then
    perform private.refuse(422, 'invalid_request',
      'after_bytes must be 0 or more: the UTF-8 bytes of the reply that are known.');
  end if;
  after_bytes := after_bytes_text::integer;
  wanted := private.find_generation(principal_id, request);
  perform private.end_if_silent(wanted);

  -- One statement, so that chunks are not deleted by an end of the reply between two reads.
  select jsonb_build_object(
    'status', generation.status,
    'stream_id', generation.stream_id,
    'generation_id', generation.generation_id,
    'epoch', generation.epoch,
    'session_id', session.session_id,
    'project_id', session.project_id,
    'user_id', generation.owner_id,
    'message_id', case
      when generation.status = 'streaming' or generation.saved_bytes > 0 then generation.message_id
    end,
    'user_message_id', generation.user_message_id,
    'turn_number', question.turn_number,
    'action', generation.action,
    'base_bytes', generation.base_bytes,
    'saved_bytes', generation.saved_bytes,
    'text', coalesce(
      case generation.status
        when 'streaming' then private.text_after(chunks.text, chunks.from_offset, after_bytes)
        else private.text_after(coalesce(first_text.content, message.content), 0, after_bytes)
      end, ''),
    'is_final', generation.status <> 'streaming',
    'cancel_requested', generation.cancel_requested,
    'error_code', generation.error_code,
    'finish_reason', generation.finish_reason,
    'provider', generation.provider,
    'model', generation.model,
    'usage', case when generation.input_tokens is not null or generation.output_tokens is not null
      then jsonb_build_object(
        'input_tokens', generation.input_tokens, 'output_tokens', generation.output_tokens)
    end,
    'title', session.title)
    || case when generation.status = 'streaming'
      then jsonb_build_object('silent_in_ms', private.silent_in_ms(generation)) else '{}' end
    || case when generation.reply_metadata = '{}' then '{}'
      else jsonb_build_object('reply_metadata', generation.reply_metadata) end
    || private.dossier_after_turn(generation, session.project_id)
  into answer
  from public.generations generation
  join public.sessions session on session.session_id = generation.session_id
  join public.messages question on question.message_id = generation.user_message_id
  cross join lateral (
    select string_agg(chunk.text, '' order by chunk.from_offset) as text,
      min(chunk.from_offset) as from_offset
    from public.generation_chunks chunk
    where chunk.generation_id = generation.generation_id
      and chunk.from_offset + octet_length(chunk.text) > after_bytes
  ) chunks
  left join public.messages message on message.message_id = generation.message_id
  left join public.message_revisions first_text
    on first_text.session_id = message.session_id
    and first_text.message_id = message.message_id and first_text.revision = 1
  where generation.generation_id = wanted.generation_id;
  return answer;
end
$$;

revoke all on function public.read_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_turn(jsonb) to service_role;
