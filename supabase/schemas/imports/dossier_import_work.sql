-- The input for reading a part of a text (jobs/has_job_hook.sql): {title | null, chapter, chapter_title |
-- null, text, before, created_at}, where before is the end of the previous part, and created_at the
-- import's, in milliseconds since the epoch. The import ends if the dossier has been emptied since then.
create function private.dossier_import_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  characters_before constant integer := 1500;
  previous constant integer := step.step - 1;
begin
  if (job.payload ->> 'log_start')::bigint is distinct from (
    select log_start from public.dossiers where project_id = job.project_id)
  then
    perform private.drop_job(job.job_id);
    return null;
  end if;
  return jsonb_build_object(
    'title', job.payload -> 'title',
    'chapter', step.payload -> 'chapter',
    'chapter_title', step.payload -> 'chapter_title',
    'text', step.payload -> 'text',
    'before', coalesce((
      select right(part.payload ->> 'text', characters_before) from public.job_steps part
      where part.job_id = job.job_id and part.step = previous), ''),
    'created_at', floor(extract(epoch from job.created_at) * 1000)::bigint);
end
$$;

revoke all on function private.dossier_import_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_import_work(public.jobs, public.job_steps, jsonb)
to service_role;
