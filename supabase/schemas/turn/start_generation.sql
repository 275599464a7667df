-- Inserts the running generation, with all data that explains it later, such as the facts in the prompt.
-- `session` is in its state before this turn, `bot` is nulls when no bot is asked.
create function private.start_generation(
  session public.sessions, question public.messages, continued public.messages, bot public.bots,
  history private.turn_history, request jsonb, begun_at timestamptz
) returns public.generations
language plpgsql set search_path = '' as $$
declare
  max_reply_bytes constant integer := 4194304;
  turn_action text := coalesce(request ->> 'action', 'say');
  base_bytes integer := coalesce(octet_length(continued.content), 0);
  generation public.generations;
begin
  if base_bytes >= max_reply_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'This reply has %s bytes and cannot go on: say something instead.', max_reply_bytes));
  end if;
  insert into public.generations (
    owner_id, session_id, stream_id, user_message_id, epoch, provider, model, action, base_bytes,
    saved_bytes, continued_from_id, previous_leaf_id, sent_from_depth, summary_until_id,
    summary_heading, instruction, system_prompt, settings, idempotency_key, request_hash, bot_id,
    dossier_version, dossier_facts, reads_question, prompt, call_id, memory_ids, started_at,
    heartbeat_at, cuts, whole_from_depth, history_budget_tokens, prompt_parts, reply_metadata)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, coalesce(request ->> 'provider', bot.provider),
    coalesce(request ->> 'model', bot.model), turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    history.from_depth, history.summary_until_id,
    case when history.summary_until_id is not null then request ->> 'summary_heading' end,
    request ->> 'instruction', request ->> 'system_prompt',
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when coalesce(request ->> 'idempotency_key', request ->> 'stream_id') is not null
      then request ->> 'request_hash' end,
    bot.bot_id, (request ->> 'dossier_version')::bigint,
    coalesce(request -> 'dossier_facts', '[]'),
    coalesce((request ->> 'extract')::boolean, false), request ->> 'prompt',
    private.read_id(request, 'call_id'), coalesce(request -> 'memory_ids', '[]'), begun_at,
    begun_at, history.cuts, history.whole_from_depth,
    (request ->> 'history_budget_tokens')::integer, private.measured_parts(request -> 'prompt_parts'),
    coalesce(request -> 'reply_metadata', '{}'))
  on conflict (owner_id, stream_id) do nothing
  returning * into generation;
  if not found then
    -- A guest has just moved to this account: the name was free a moment ago.
    perform private.refuse_stream();
  end if;
  if base_bytes > 0 then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, continued.content);
  end if;
  return generation;
end
$$;

revoke all on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
to service_role;
