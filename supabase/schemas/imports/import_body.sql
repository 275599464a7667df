-- The answer of functions about an import that is not there, or is another's.
create function private.refuse_import() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such import: use the task_id that the project''s import was answered with.');
end
$$;

-- How far an import is, for its owner.
create function private.import_body(import public.dossier_imports) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'task_id', import.task_id,
    'project_id', import.project_id,
    'title', import.title,
    'status', import.status,
    'chapters', import.chapter_count,
    'steps', import.step_count,
    'steps_done', count(*) filter (where step.status = 'done'),
    'steps_failed', count(*) filter (where step.status = 'failed'),
    'progress', floor(100.0 * count(*) filter (where step.status in ('done', 'failed'))
      / import.step_count)::integer,
    'proposals', (
      select coalesce(jsonb_agg(found.proposal order by found.first_place), '[]')
      from (
        select made.proposal, min(ready.step * 10000::bigint + made.place) as first_place
        from public.dossier_import_steps ready
        cross join lateral unnest(ready.proposals) with ordinality as made (proposal, place)
        where ready.task_id = import.task_id
        group by made.proposal
      ) found),
    'error', (
      select error from public.dossier_import_steps
      where task_id = import.task_id and error is not null
      order by step
      limit 1),
    'created_at', private.iso(import.created_at),
    'finished_at', private.iso(import.finished_at))
  from public.dossier_import_steps step
  where step.task_id = import.task_id;
$$;

revoke all on function
  private.refuse_import(),
  private.import_body(public.dossier_imports)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_import(),
  private.import_body(public.dossier_imports)
to service_role;
