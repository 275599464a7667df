-- Ends a streaming generation, and marks messages for reading: those worth reading, together with earlier
-- messages that were passed over; another take of a reply if its question was read. A companion's memory
-- reads its user's message. The caller has locked the session and the generation. `outcome` is finish_turn's
-- request.
create function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
begin
  perform private.store_reply(generation, outcome);
  if (outcome ->> 'extract')::boolean
    or (generation.action in ('regenerate', 'continue') and exists (
      select from public.message_extractions marked
      where marked.session_id = generation.session_id
        and marked.message_id = generation.user_message_id))
  then
    perform private.mark_for_extraction(generation.session_id,
      private.unmarked_until(generation.user_message_id) || generation.message_id);
  elsif generation.reads_question then
    perform private.mark_for_extraction(
      generation.session_id, private.unmarked_until(generation.user_message_id));
  end if;
  perform private.mark_for_memory(generation);
end
$$;

revoke all on function private.close_generation(public.generations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.close_generation(public.generations, jsonb) to service_role;
