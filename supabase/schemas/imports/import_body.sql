-- Refuses an import that does not exist, or belongs to another user.
create function private.refuse_import() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such import: use the task_id that the project''s import was answered with.');
end
$$;

-- An import's progress, for its owner. It is a job, whose id is callers' task_id.
create function private.import_body(import public.jobs) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'task_id', import.job_id,
    'project_id', import.project_id,
    'title', import.payload ->> 'title',
    'status', import.status,
    'chapters', (import.payload ->> 'chapters')::integer,
    'steps', count(*),
    'steps_done', count(*) filter (where part.status = 'done'),
    'steps_failed', count(*) filter (where part.status = 'failed'),
    'progress', floor(100.0 * count(*) filter (where part.status in ('done', 'failed'))
      / count(*))::integer,
    'proposals', (
      select coalesce(jsonb_agg(found.proposal order by found.first_place), '[]')
      from (
        select made.proposal, min(ready.step * 10000::bigint + made.place) as first_place
        from public.job_steps ready
        cross join lateral jsonb_array_elements_text(ready.result -> 'proposals')
          with ordinality as made (proposal, place)
        where ready.job_id = import.job_id
        group by made.proposal
      ) found),
    'error', (
      select private.told_failure(error) ->> 'message' from public.job_steps
      where job_id = import.job_id and error is not null
      order by step
      limit 1),
    'failures', private.step_failures(import.job_id),
    'created_at', private.iso(import.created_at),
    'finished_at', private.iso(import.finished_at))
  from public.job_steps part
  where part.job_id = import.job_id;
$$;

revoke all on function
  private.refuse_import(),
  private.import_body(public.jobs)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_import(),
  private.import_body(public.jobs)
to service_role;
