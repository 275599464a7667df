-- How a turn ends when it was a take, an edit or a continuation, and how a reply is read while it is
-- made and afterwards.

-- Ends a streaming generation: its text becomes the assistant's message, its chunks go. The caller
-- has locked the session and the generation. `outcome` is what finish_turn takes. A run that has
-- added nothing stores nothing, and gives back the path that it took away.
create or replace function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  has_said_something boolean;
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
      'continued_from', generation.continued_from_id)),
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

-- From here on functions give the depth themselves.
drop trigger fill_depth on public.messages;
drop function private.fill_depth();

-- Whether the isolate that made a streaming generation must be dead.
create function private.is_silent(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  silence_limit constant interval := '60 seconds';
begin
  return generation.heartbeat_at <= clock_timestamp() - silence_limit;
end
$$;

-- Refuses while a turn runs in the session; ends one that has gone silent. The caller has locked the
-- session.
create or replace function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  retry_after_seconds constant text := '2';
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if not private.is_silent(running) then
    perform private.refuse(409, 'turn_in_progress',
      'A reply is still being written in this session: wait until it ends, or cancel it.',
      retry_after_seconds);
  end if;
  perform private.close_generation(
    running, '{"status": "interrupted", "error_code": "interrupted"}');
end
$$;

-- Ends this generation if it has gone silent; nothing else is locked by the caller.
create function private.end_if_silent(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  if generation.status <> 'streaming' or not private.is_silent(generation) then
    return;
  end if;
  perform from public.sessions where session_id = generation.session_id for no key update;
  -- Looked at again: it may have gone on, or ended, until the locks were there.
  select * into generation from public.generations
  where generation_id = generation.generation_id
  for no key update;
  if generation.status = 'streaming' and private.is_silent(generation) then
    perform private.close_generation(
      generation, '{"status": "interrupted", "error_code": "interrupted"}');
  end if;
end
$$;

-- `content`, which begins at byte `from_offset` of a reply, without the reply's first `after_bytes`.
-- Every offset that we tell lies between characters. One inside a character was counted otherwise
-- (in characters, or in UTF-16), so that going on from the next boundary would lose or repeat text
-- without anybody noticing: it is refused.
create function private.text_after(content text, from_offset integer, after_bytes integer)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  known_bytes integer := greatest(after_bytes - from_offset, 0);
  bytes bytea;
begin
  if known_bytes = 0 then
    return content;
  end if;
  if known_bytes >= octet_length(content) then
    return '';
  end if;
  bytes := convert_to(content, 'UTF8');
  if get_byte(bytes, known_bytes) & 192 = 128 then
    perform private.refuse(422, 'invalid_request',
      'The offset lies inside a character: it counts UTF-8 bytes, as told with the stream.');
  end if;
  return convert_from(substr(bytes, known_bytes + 1), 'UTF8');
end
$$;

-- The principal's generation of this stream_id or generation_id.
create function private.find_generation(principal_id uuid, request jsonb)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session_is_visible boolean;
begin
  if wanted_id is not null then
    select * into generation from public.generations
    where generation_id = wanted_id and owner_id = principal_id;
  else
    select * into generation from public.generations
    where stream_id = request ->> 'stream_id' and owner_id = principal_id;
  end if;
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions where session_id = generation.session_id and is_active);
  perform set_config('role', own_role, true);
  if not session_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such stream: list the messages of the session to see what has been said.');
  end if;
  return generation;
end
$$;

-- A reply as far as it is stored: {principal, stream_id | generation_id, after_bytes}; returns
-- {status, stream_id, generation_id, epoch, session_id, project_id, user_id, message_id,
-- user_message_id, turn_number, action, base_bytes, saved_bytes, text, is_final, cancel_requested,
-- error_code, finish_reason, provider, model, usage, title}. text is what is stored beyond the first
-- after_bytes bytes, as it was streamed even if somebody has edited the message since; empty for a
-- caller who has more than is stored. message_id is null once the reply has ended without a word.
create function public.read_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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

  -- One statement, so that an end between two looks cannot take the chunks away unseen.
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

revoke all on function
  private.is_silent(public.generations),
  private.end_if_silent(public.generations),
  private.text_after(text, integer, integer),
  private.find_generation(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_silent(public.generations),
  private.end_if_silent(public.generations),
  private.text_after(text, integer, integer),
  private.find_generation(uuid, jsonb)
to service_role;

revoke all on function public.read_turn(jsonb) from public, anon, authenticated;
grant execute on function public.read_turn(jsonb) to service_role;
