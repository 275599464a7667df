-- Begins a task that draws pictures of scenes: {principal, admission?, body: {project_id, scene_ids?,
-- style?}}. Without scene_ids it draws all scenes that have an image_prompt and no picture; named scenes are drawn again. 202
-- with {task_id, project_id, status, message, status_url}. One such task of a story is open at a time.
create function public.begin_story_illustrations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  principal_id constant uuid := private.admit(request);
  story constant public.stories := private.open_story(principal_id, private.read_id(body, 'project_id'));
  named_ids uuid[];
  scene_ids uuid[];
  job public.jobs;
  task_message text;
begin
  select * into job from public.jobs
  where subject_id = story.project_id and kind = 'story_illustrations' and merge_key = 'story'
    and status in ('queued', 'running', 'paused');
  if found then
    perform private.refuse(409, 'story_in_progress', format(
      'Pictures of this story are being drawn by task %s: wait until it ends, or cancel it.', job.job_id), '2');
  end if;
  if jsonb_typeof(body -> 'scene_ids') = 'array' then
    select array_agg(distinct sent.scene_id::uuid) into named_ids
    from jsonb_array_elements_text(body -> 'scene_ids') sent (scene_id);
  end if;
  select array_agg(scene.part_id order by scene.number) into scene_ids
  from public.story_parts scene
  where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null
    and scene.plan ->> 'image_prompt' ~ '\S'
    and case when named_ids is null
      then not exists (select from public.story_illustrations known where known.part_id = scene.part_id)
      else scene.part_id = any (named_ids)
    end;
  if cardinality(scene_ids) is distinct from coalesce(cardinality(named_ids), cardinality(scene_ids)) then
    perform private.refuse(422, 'invalid_request',
      'Each of scene_ids must be a scene of this story that is not deleted and has an image_prompt.');
  end if;
  if scene_ids is null then
    perform private.refuse(422, 'invalid_request',
      'There is nothing to draw: no scene has an image_prompt and no picture. Write an outline, or name the '
      'scenes that are to be drawn again in scene_ids.');
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  task_message := format('%s %s to be drawn.', cardinality(scene_ids),
    case when cardinality(scene_ids) = 1 then 'picture is' else 'pictures are' end);
  job := private.add_job(jsonb_build_object(
    'kind', 'story_illustrations', 'owner_id', principal_id, 'project_id', story.project_id,
    'merge_key', 'story', 'kept_for', private.retention_of('story_tasks'),
    -- One picture that cannot be drawn keeps no other from being drawn.
    'is_serial', false,
    'payload', jsonb_strip_nulls(jsonb_build_object('route', 'illustrations', 'style', body -> 'style')),
    'steps', (
      select jsonb_agg(jsonb_build_object('scene_id', wanted.scene_id) order by wanted.place)
      from unnest(scene_ids) with ordinality as wanted (scene_id, place))));
  update public.jobs set message = task_message where job_id = job.job_id;
  -- After all other locks.
  perform private.take_share(
    principal_id, job.job_id, cardinality(scene_ids), 0, cardinality(scene_ids));
  return private.answer(
    jsonb_build_object(
      'task_id', job.job_id, 'project_id', story.project_id,
      'status', private.story_task_status(job.status), 'message', task_message,
      'status_url', format('/story/task/%s/status', job.job_id)),
    202);
end
$$;

revoke all on function public.begin_story_illustrations(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.begin_story_illustrations(jsonb) to service_role;
