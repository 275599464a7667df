-- The input for reading a part of a conversation (private.extraction_work). The step keeps the spans that are
-- read, for private.dossier_extraction_store.
create function private.dossier_extraction_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  work constant jsonb := private.extraction_work(job.session_id);
begin
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('spans', (
    select jsonb_agg(message.value - array['role', 'text', 'created_at'])
    from jsonb_array_elements(work -> 'messages') message))
  where claimed.job_id = step.job_id and claimed.step = dossier_extraction_work.step.step;
  return work;
end
$$;

revoke all on function private.dossier_extraction_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_work(public.jobs, public.job_steps, jsonb)
to service_role;
