-- Stores the findings of the claimed parts (jobs/has_job_hook.sql): the result is {base, assertions,
-- snapshot, facts}, as for commit_assertions, with any other members to keep. The answer is {dossier}, the
-- answer of commit_assertions: if its tail is not null, fold the tail and call commit_assertions. has_more
-- is true while unread text is left. A step that only folds the log has no spans.
create function private.dossier_extraction_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Text beyond this is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
  outcome constant jsonb := made -> 'result';
  project_of_session uuid;
  dossier jsonb;
begin
  select project_id into project_of_session
  from public.sessions where session_id = job.session_id;
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(project_of_session, outcome)));
  end if;
  dossier := private.add_assertions(project_of_session, outcome, null);
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(private.sent_text(message)) from public.messages message
        where message.message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return jsonb_build_object(
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts'],
    'answer', jsonb_build_object('dossier', dossier),
    'has_more', exists (select from private.unread_on_path(job.session_id)));
end
$$;

revoke all on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
to service_role;
