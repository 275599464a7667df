-- The meaning of an error of a step or a job: {code, message}. A worker's error begins with its stable code;
-- one without a code is the database's own, for a worker that has died.
create function private.told_failure(error text) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'code', coalesce(pg_catalog.substring(error, '^([a-z_]+): '), 'interrupted'),
  'message', pg_catalog.regexp_replace(error, '^[a-z_]+: ', ''));

-- Why steps of a job have failed, in order: [{step, chapter | null, chapter_title | null, message_id | null,
-- code, message, is_given_up, retry_at | null}]. A step that is not given up is tried again at retry_at. The
-- chapter belongs to an imported text, the message is the first one that was read.
create function private.step_failures(wanted_job_id uuid) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'step', failed.step,
      'chapter', failed.payload -> 'chapter',
      'chapter_title', failed.payload -> 'chapter_title',
      'message_id', failed.payload #> '{spans,0,message_id}',
      'is_given_up', failed.finished_at is not null,
      'retry_at', case when failed.status = 'queued' then private.iso(failed.run_after) end)
    || private.told_failure(failed.error)
    order by failed.step), '[]')
  from public.job_steps failed
  where failed.job_id = wanted_job_id and failed.error is not null);

revoke all on function
  private.told_failure(text),
  private.step_failures(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.told_failure(text),
  private.step_failures(uuid)
to service_role;
