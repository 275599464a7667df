-- The prompt of a reply: {principal, message_id}; the body is {message_id, stream_id, action, provider,
-- model, system_prompt, system_prompt_parts, settings, summary, messages, attachments, facts, memories,
-- tokens: {in, out}, created_at}, where summary covers the conversation before the messages, facts are the
-- dossier's, and memories the companion's, without the texts of those that were forgotten since.
create function public.read_context(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  is_visible boolean;
  generation public.generations;
  summary_sent text;
  memories jsonb;
begin
  perform private.act_as(principal_id);
  is_visible := exists (
    select from public.messages message
    join public.sessions session on session.session_id = message.session_id
    where message.message_id = wanted_id and session.is_active);
  perform set_config('role', own_role, true);
  if not is_visible then
    perform private.refuse_unknown_message();
  end if;
  select * into generation from public.generations
  where message_id = wanted_id and sent_from_depth is not null;
  if not found then
    perform private.refuse(404, 'not_found',
      'For this message no model was asked, or what it was sent has not been kept: name a reply.');
  end if;
  select summary into summary_sent from public.session_summaries
  where session_id = generation.session_id
    and until_message_id = generation.summary_until_id;
  memories := private.describe_told_memories(generation);
  return private.answer(jsonb_build_object(
    'message_id', generation.message_id,
    'stream_id', generation.stream_id,
    'action', generation.action,
    'provider', generation.provider,
    'model', generation.model,
    'system_prompt', case
      when memories = '[]' and generation.summary_heading || summary_sent is null
        then generation.system_prompt
      else concat(generation.system_prompt,
        private.tell_memories(jsonb_path_query_array(memories, '$[*].text')),
        generation.summary_heading || summary_sent)
    end,
    'system_prompt_parts', private.kept_parts(generation.system_prompt, generation.prompt_parts)
      || private.part_unless_empty('memories', case when memories <> '[]'
        then private.tell_memories(jsonb_path_query_array(memories, '$[*].text')) end)
      || private.part_unless_empty('summary', generation.summary_heading || summary_sent),
    'settings', generation.settings,
    'summary', summary_sent,
    'messages', private.read_sent_messages(principal_id, generation),
    'attachments', coalesce((
      select question.metadata -> 'attachments' from public.messages question
      where question.message_id = generation.user_message_id), '[]'),
    'facts', private.describe_facts(generation),
    'memories', memories,
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

revoke all on function public.read_context(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_context(jsonb) to service_role;
