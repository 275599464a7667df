-- A job's status and progress, for its owner.
create function private.job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', job.job_id,
    'kind', job.kind,
    'session_id', job.session_id,
    'project_id', job.project_id,
    'status', job.status,
    'progress', job.progress,
    'message', job.message,
    'error', job.error,
    'steps', count(*),
    'steps_done', count(*) filter (where step.status = 'done'),
    'steps_failed', count(*) filter (where step.status = 'failed'),
    'created_at', private.iso(job.created_at),
    'finished_at', private.iso(job.finished_at))
  from public.job_steps step
  where step.job_id = job.job_id);

revoke all on function private.job_body(public.jobs) from public, anon, authenticated, service_role;
grant execute on function private.job_body(public.jobs) to service_role;
