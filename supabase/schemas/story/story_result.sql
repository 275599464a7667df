-- The result of a task, in the form of its route's answer; while the task is open, the result so
-- far.

create function private.story_result(job public.jobs) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  route constant text := job.payload ->> 'route';
  story public.stories;
  last_step public.job_steps;
  is_complete boolean;
begin
  select * into story from public.stories where project_id = job.project_id;
  select * into last_step from public.job_steps
  where job_id = job.job_id and status = 'done'
  order by step desc
  limit 1;
  is_complete := coalesce((last_step.result ->> 'is_complete')::boolean,
    job.status = 'done' and story.scenes_written = story.scenes);
  return case
    when route in ('ideas', 'setup') then (
      select jsonb_build_object(route, step.result -> 'value')
      from public.job_steps step
      where step.job_id = job.job_id and step.result ->> 'did' = route
      limit 1)
    when route = 'premise' then (
      -- The person's own premise may be current.
      select jsonb_build_object('premise', made.content -> 'text')
      from public.story_versions made
      join public.story_parts part on part.part_id = made.part_id and part.kind = 'premise'
      where made.job_id = job.job_id
      order by made.version desc
      limit 1)
    when route in ('outline', 'refine') then case when story.scenes > 0 then jsonb_build_object(
      'outline', private.story_outline(job.project_id), 'is_structured', true) end
    when route = 'start' then jsonb_build_object(
      'story', private.story_text(job.project_id),
      'premise', private.premise_text(job.project_id),
      'outline', private.story_outline(job.project_id),
      'is_complete', is_complete, 'iterations', story.scenes_written)
    when route = 'continue' then jsonb_build_object(
      'continuation', (
        select coalesce(string_agg(message.content, E'\n\n' order by part.number), '')
        from public.story_parts part
        join public.story_versions made
          on made.part_id = part.part_id and made.version = part.text_version
        join public.messages message on message.message_id = made.message_id
        where part.project_id = job.project_id and part.kind = 'scene' and part.number is not null
          and made.job_id = job.job_id),
      'is_complete', is_complete)
    when route = 'scene' then (
      select jsonb_build_object(
        'scene', private.scene_body(part, true),
        'text', message.content, 'version', made.version,
        'is_current', part.text_version = made.version)
      from public.story_versions made
      join public.story_parts part on part.part_id = made.part_id
      join public.messages message on message.message_id = made.message_id
      where made.job_id = job.job_id
      order by made.version desc
      limit 1)
    when route = 'illustrations' then (
      select jsonb_build_object('illustrations', coalesce(jsonb_agg(jsonb_build_object(
        'scene_id', scene.part_id, 'number', scene.number, 'title', scene.plan -> 'title')
        order by scene.number), '[]'))
      from public.job_steps step
      join public.story_parts scene on scene.part_id = (step.result ->> 'scene_id')::uuid
      where step.job_id = job.job_id and step.status = 'done')
    else jsonb_build_object(
      'story', private.story_text(job.project_id),
      'premise', private.premise_text(job.project_id),
      'outline', private.story_outline(job.project_id),
      'is_complete', is_complete, 'word_count', story.length_written,
      'project_id', job.project_id)
  end;
end
$$;

-- A scene as the person sees it.
create function private.scene_body(scene public.story_parts, with_text boolean) returns jsonb
language sql stable set search_path = ''
return scene.plan || jsonb_build_object(
  'scene_id', scene.part_id,
  'number', scene.number,
  'chapter', (select number from public.story_parts where part_id = scene.chapter_id),
  'length', scene.length,
  'state', case
    when scene.number is null then 'deleted'
    when scene.message_id is not null then 'written'
    when scene.draft <> '' then 'writing'
    else 'planned'
  end,
  'version', scene.last_version,
  'plan_version', scene.plan_version,
  'text_version', scene.text_version,
  'is_locked', scene.is_locked,
  'is_edited', scene.is_plan_edited or scene.is_text_edited,
  'updated_at', private.iso(scene.updated_at))
  || case when with_text then jsonb_build_object('text', (
    select content from public.messages where message_id = scene.message_id)) else '{}' end;

revoke all on function
  private.story_result(public.jobs),
  private.scene_body(public.story_parts, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_result(public.jobs),
  private.scene_body(public.story_parts, boolean)
to service_role;
