-- Steps of tasks that draw pictures (jobs/has_job_hook.sql): each draws one scene.

-- {scene_id, image_prompt, object_path}: the prompt, and the path for the file. Null when the scene is
-- deleted or has no image_prompt any more.
create function private.story_illustrations_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Far longer than a lease.
  longest_drawing constant interval := '1 hour';
  scene public.story_parts;
  path text;
begin
  select * into scene from public.story_parts
  where part_id = (step.payload ->> 'scene_id')::uuid and number is not null
    and plan ->> 'image_prompt' ~ '\S';
  if not found then
    return null;
  end if;
  path := job.project_id || '/' || scene.part_id || '-' || job.job_id;
  insert into public.deleted_illustrations (object_path, try_after)
  values (path, clock_timestamp() + longest_drawing)
  on conflict (object_path) do update set try_after = excluded.try_after;
  return jsonb_build_object(
    'scene_id', scene.part_id,
    'image_prompt', concat_ws(E'\n\n', scene.plan ->> 'image_prompt', 'Style: ' || (job.payload ->> 'style')),
    'object_path', path);
end
$$;

-- Stores a picture: result {scene_id, object_path, image_prompt, media_type, byte_count, model}.
create function private.story_illustrations_store(
  job public.jobs, step public.job_steps, argument jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  made constant jsonb := argument -> 'result';
begin
  if (argument ->> 'already')::boolean then
    return '{}';
  end if;
  insert into public.story_illustrations (
    part_id, owner_id, object_path, media_type, byte_count, image_prompt, model, created_at)
  values (
    (step.payload ->> 'scene_id')::uuid, job.owner_id, made ->> 'object_path', made ->> 'media_type',
    (made ->> 'byte_count')::integer, left(made ->> 'image_prompt', 5000), left(made ->> 'model', 330),
    clock_timestamp())
  on conflict (part_id) do update
  set object_path = excluded.object_path, media_type = excluded.media_type,
      byte_count = excluded.byte_count, image_prompt = excluded.image_prompt, model = excluded.model,
      created_at = excluded.created_at;
  delete from public.deleted_illustrations where object_path = made ->> 'object_path';
  -- Its calls are counted as those of all steps are.
  update public.plan_shares share set used_images = used_images + 1
  where share.source_id = job.job_id and share.month = (
    select max(month) from public.plan_shares where plan_shares.source_id = job.job_id);
  return jsonb_build_object('result', jsonb_build_object('scene_id', step.payload -> 'scene_id'));
end
$$;

revoke all on function
  private.story_illustrations_work(public.jobs, public.job_steps, jsonb),
  private.story_illustrations_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_illustrations_work(public.jobs, public.job_steps, jsonb),
  private.story_illustrations_store(public.jobs, public.job_steps, jsonb)
to service_role;
