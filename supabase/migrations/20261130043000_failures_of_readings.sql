-- Failed readings, imports and stories tell a stable code and a sentence, each step its own; what is read for a dossier is listed.

set local lock_timeout = '10s';

-- The meaning of an error of a step or a job: {code, message}. A worker's error begins with its stable code; one
-- without a code is the database's own, of workers that have died.
create function private.told_failure(error text) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'code', coalesce(pg_catalog.substring(error, '^([a-z_]+): '), 'interrupted'),
  'message', pg_catalog.regexp_replace(error, '^[a-z_]+: ', ''));

-- Why steps of a job have failed, in their order: [{step, chapter | null, chapter_title | null, message_id |
-- null, code, message, is_given_up, retry_at | null}]. A step that is not given up is tried again at retry_at.
-- The chapter is that of an imported text, the message the first one of those that were read.
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

create or replace function private.import_body(import public.jobs) returns jsonb
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

create or replace function private.story_task_body(job public.jobs, with_result boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object('language', settings -> 'language', 'unit', settings -> 'unit')
  from public.stories where stories.project_id = job.project_id)
  || jsonb_build_object(
  'task_id', job.job_id,
  'project_id', job.project_id,
  'route', job.payload -> 'route',
  'status', private.story_task_status(job.status),
  'progress', job.progress,
  'message', coalesce(job.message, case
    when job.finished_at is null then 'The task waits for its first step.'
    else 'The task ended before its first step.'
  end),
  'created_at', private.iso(job.created_at),
  'updated_at', private.iso(coalesce(job.finished_at, (
    select created_at from public.story_events where job_id = job.job_id order by seq desc limit 1),
    job.created_at)))
  || case when job.payload ? 'adjustments'
    then jsonb_build_object('adjustments', job.payload -> 'adjustments') else '{}' end
  || case when job.status in ('failed', 'running') and job.error is not null
    then jsonb_build_object('error', private.told_failure(job.error)) else '{}' end
  || case when with_result
    then jsonb_build_object('result', private.story_result(job)) else '{}' end;

create or replace function private.follow_story_task() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.add_story_event(new.job_id, 'status', jsonb_strip_nulls(jsonb_build_object(
    'status', private.story_task_status(new.status), 'error', private.told_failure(new.error) -> 'message')));
  if new.status = 'done' then
    delete from public.story_cache older
    using public.story_cache entry
    where entry.job_id = new.job_id and older.owner_id = entry.owner_id
      and older.cache_key = entry.cache_key and older.entry_id <> entry.entry_id;
    update public.story_cache
    set body = private.story_result(new), created_at = clock_timestamp()
    where job_id = new.job_id;
  elsif new.finished_at is not null then
    delete from public.story_cache where job_id = new.job_id and body is null;
  end if;
  return null;
end
$$;

-- The readings for a dossier, under way or ended lately, newest first: {principal, project_id, query: {limit,
-- offset}}; each {task_id, kind, session_id | null, title | null, status, steps, steps_done, steps_failed, failures,
-- created_at, finished_at}. kind is conversation or import; failures are private.step_failures. Readings of
-- conversations are kept for a day after their end.
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
