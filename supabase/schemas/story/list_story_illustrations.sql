-- The pictures of a story in the order of its scenes: {principal, project_id}; returns {expires_at,
-- expires_in_seconds, illustrations: [{scene_id, number, title, image_prompt, media_type, object_path,
-- created_at}]}. The caller signs URLs of the files that are valid for this time.
create function public.list_story_illustrations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  lifetime_seconds constant integer := 3600;
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  return jsonb_build_object(
    'expires_at', private.iso(clock_timestamp() + make_interval(secs => lifetime_seconds)),
    'expires_in_seconds', lifetime_seconds,
    'illustrations', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'scene_id', scene.part_id, 'number', scene.number, 'title', scene.plan -> 'title',
        'image_prompt', picture.image_prompt, 'media_type', picture.media_type,
        'object_path', picture.object_path, 'created_at', private.iso(picture.created_at))
        order by scene.number), '[]')
      from public.story_parts scene
      join public.story_illustrations picture on picture.part_id = scene.part_id
      where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null));
end
$$;

-- Deletes a scene's picture, and later its file: {principal, project_id, scene_id}.
create function public.delete_story_illustration(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene constant public.story_parts := private.open_scene(request);
begin
  delete from public.story_illustrations where part_id = scene.part_id;
  if not found then
    perform private.refuse(404, 'not_found', 'This scene has no picture.');
  end if;
  return private.answer('{"message": "The picture is deleted."}');
end
$$;

revoke all on function
  public.list_story_illustrations(jsonb),
  public.delete_story_illustration(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.list_story_illustrations(jsonb),
  public.delete_story_illustration(jsonb)
to service_role;
