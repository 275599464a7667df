-- A job that is given up is one failure of each of its messages (jobs/has_job_hook.sql); messages that have
-- failed often enough do not block the others. If the log was only to be folded there are no spans.
create function private.dossier_extraction_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.message_extractions waiting
  set failures = failures + 1, is_done = failures + 1 >= max_failures
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (message_id uuid)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and not waiting.is_done;
  return null;
end
$$;

revoke all on function private.dossier_extraction_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_fail(public.jobs, public.job_steps, jsonb)
to service_role;
