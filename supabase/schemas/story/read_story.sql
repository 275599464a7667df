-- A premise or an outline as the person sees it.
create function private.story_part_body(part public.story_parts) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'version', part.last_version,
  'text_version', part.text_version,
  'plan_version', part.plan_version,
  'is_locked', part.is_locked,
  'is_edited', part.is_plan_edited or part.is_text_edited,
  'updated_at', private.iso(part.updated_at))
  || case part.kind
    when 'premise' then jsonb_build_object('text', private.premise_text(part.project_id))
    else jsonb_build_object('scenes', private.story_outline(part.project_id)) end;

-- The story with its parts: {principal, project_id, query: {with_text}}. Texts are included on request. The
-- entity tag is that of the story's settings and totals.
create function public.read_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  with_text constant boolean := coalesce((request #>> '{query,with_text}')::boolean, false);
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  return private.answer(private.story_body(story) || jsonb_build_object(
    'premise', (
      select private.story_part_body(part) from public.story_parts part
      where part.project_id = story.project_id and part.kind = 'premise' and part.number = 1
        and part.text_version is not null),
    'outline', (
      select private.story_part_body(part) - array['scenes', 'text_version']
      from public.story_parts part
      where part.project_id = story.project_id and part.kind = 'outline' and part.number = 1
        and part.plan_version is not null),
    'chapters', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'number', chapter.number, 'title', coalesce(chapter.plan ->> 'title', ''),
          'description', coalesce(chapter.plan ->> 'description', ''),
          'key_events', coalesce(chapter.plan -> 'key_events', '[]'),
          'is_outlined', chapter.is_outlined, 'recap', chapter.recap) order by chapter.number), '[]')
      from public.story_parts chapter
      where chapter.project_id = story.project_id and chapter.kind = 'chapter'
        and chapter.number is not null),
    'scenes', (
      select coalesce(jsonb_agg(private.scene_body(scene, with_text) order by scene.number), '[]')
      from public.story_parts scene
      where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null),
    'deleted_scenes', (
      select coalesce(jsonb_agg(private.scene_body(scene, false) order by scene.deleted_at), '[]')
      from public.story_parts scene
      where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is null)),
    etag => private.version_of(story.updated_at));
end
$$;

create function private.story_body(story public.stories) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'project_id', story.project_id,
  'title', story.title,
  'settings', story.settings,
  'length', story.length_written,
  'scene_count', story.scenes,
  'scenes_written', story.scenes_written,
  'chapter_count', story.chapters,
  'task_id', (
    select job_id from public.jobs
    where subject_id = story.project_id and kind = 'story' and merge_key = 'story'
      and status in ('queued', 'running', 'paused')),
  'created_at', private.iso(story.created_at),
  'updated_at', private.iso(story.updated_at));

-- Changes title, language or length: {principal, project_id, if_match, body: {title?, language?,
-- target_words?}}. Existing text stays; an open task continues with the new values.
create function public.update_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_words constant integer := 1000000;
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  story public.stories := private.open_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  perform private.check_version(request ->> 'if_match', private.version_of(story.updated_at));
  if body ? 'title' and char_length(btrim(body ->> 'title')) between 0 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'title must have at most 200 characters.');
  end if;
  if body ? 'language' and (body ->> 'language' ~ '^\S.{0,63}$') is not true then
    perform private.refuse(422, 'invalid_request', 'language must be a text of 1 to 64 characters.');
  end if;
  if body ? 'target_words' and (
    jsonb_typeof(body -> 'target_words') = 'number'
    and (body ->> 'target_words')::numeric between 100 and max_words
    and (body ->> 'target_words')::numeric % 1 = 0) is not true
  then
    perform private.refuse(422, 'invalid_request',
      format('target_words must be a whole number from 100 to %s.', max_words));
  end if;
  update public.stories
  set title = case when body ? 'title' then btrim(body ->> 'title') else title end,
      settings = settings
        || case when body ? 'title' then jsonb_build_object('title', btrim(body ->> 'title')) else '{}' end
        || case when body ? 'language' then jsonb_build_object('language', body -> 'language') else '{}' end
        || case when body ? 'target_words'
          then jsonb_build_object('target_words', (body ->> 'target_words')::numeric::integer)
          else '{}' end
  where project_id = story.project_id
  returning * into story;
  return private.answer(private.story_body(story), etag => private.version_of(story.updated_at));
end
$$;

revoke all on function
  private.story_part_body(public.story_parts),
  public.read_story(jsonb),
  private.story_body(public.stories),
  public.update_story(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_part_body(public.story_parts),
  public.read_story(jsonb),
  private.story_body(public.stories),
  public.update_story(jsonb)
to service_role;
