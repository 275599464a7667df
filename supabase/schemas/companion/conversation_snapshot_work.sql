-- The input for writing a snapshot (jobs/has_job_hook.sql): {conversation_id, snapshot}, where snapshot is
-- the conversation in the form of the original service, and null if it is deleted.
create function private.conversation_snapshot_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 5000;
  session public.sessions;
begin
  select * into session from public.sessions where session_id = job.session_id;
  if not session.is_active then
    return jsonb_build_object('conversation_id', session.session_id, 'snapshot', null);
  end if;
  return jsonb_build_object(
    'conversation_id', session.session_id,
    'snapshot', jsonb_build_object(
      'id', session.session_id,
      'user_id', session.owner_id,
      'character_id', session.character_id,
      'title', session.title,
      'created_at', private.iso(session.created_at),
      'updated_at', private.iso(session.last_message_at),
      'messages', (
        select coalesce(jsonb_agg(
          message.value - array['message_id', 'is_complete'] order by message.place), '[]')
        from jsonb_array_elements(private.conversation_messages(session, max_messages))
          with ordinality as message (value, place))));
end
$$;

revoke all on function private.conversation_snapshot_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.conversation_snapshot_work(public.jobs, public.job_steps, jsonb)
to service_role;
