-- The running and recent readings for a dossier, newest first: {principal, project_id, query: {limit,
-- offset}}; each {task_id, kind, session_id | null, title | null, status, steps, steps_done, steps_failed,
-- failures, created_at, finished_at}. kind is conversation or import; failures are private.step_failures.
-- Readings of conversations are kept for a day after their end.
create function public.list_dossier_readings(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'project_id');
  is_visible boolean;
  found_ids uuid[];
  page jsonb;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.dossiers where project_id = wanted_id);
  perform set_config('role', own_role, true);
  if not is_visible then
    perform private.refuse_dossier();
  end if;
  found_ids := array(
    select reading.job_id
    from (
      select job_id, created_at from public.jobs
      where project_id = wanted_id and kind = 'dossier_import'
      union all
      select job.job_id, job.created_at
      from public.sessions session
      cross join lateral (
        select job_id, created_at from public.jobs
        where jobs.session_id = session.session_id and kind = 'dossier_extraction'
      ) job
      where session.project_id = wanted_id and session.owner_id = principal_id
    ) reading
    order by reading.created_at desc, reading.job_id);
  select jsonb_agg(
    jsonb_build_object(
      'task_id', job.job_id,
      'kind', case job.kind when 'dossier_import' then 'import' else 'conversation' end,
      'session_id', job.session_id,
      'title', job.payload -> 'title',
      'status', job.status,
      'steps', steps.total,
      'steps_done', steps.done,
      'steps_failed', steps.failed,
      'failures', private.step_failures(job.job_id),
      'created_at', private.iso(job.created_at),
      'finished_at', private.iso(job.finished_at))
    order by wanted.place)
  into page
  from unnest(found_ids[first_row + 1 : first_row + row_count])
    with ordinality as wanted (job_id, place)
  join public.jobs job on job.job_id = wanted.job_id
  cross join lateral (
    select count(*) as total, count(*) filter (where status = 'done') as done,
      count(*) filter (where status = 'failed') as failed
    from public.job_steps where job_steps.job_id = wanted.job_id
  ) steps;
  return private.answer_page(page, first_row, cardinality(found_ids));
end
$$;

revoke all on function public.list_dossier_readings(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.list_dossier_readings(jsonb) to service_role;
