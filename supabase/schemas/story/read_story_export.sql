-- All data of a book: {principal, project_id}; the body is {project_id, title, author, language, premise,
-- created_at, settings, chapters: [{number, title, scenes: [{part_id, number, title, text, plan}]}],
-- dossier}. Unwritten scenes are left out, as are chapters without scenes.
create function public.read_story_export(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  return private.answer(jsonb_build_object(
    'project_id', story.project_id,
    'title', coalesce(nullif(story.title, ''), (
      select name from public.projects where project_id = story.project_id)),
    'author', coalesce((
      select display_name from public.profiles where owner_id = story.owner_id), ''),
    'language', coalesce(story.settings ->> 'language', ''),
    'premise', coalesce(private.premise_text(story.project_id), ''),
    'created_at', private.iso(story.created_at),
    'settings', story.settings,
    'chapters', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'number', chapter.number, 'title', coalesce(chapter.plan ->> 'title', ''),
          'scenes', written.scenes) order by chapter.number), '[]')
      from public.story_parts chapter
      cross join lateral (
        select jsonb_agg(jsonb_build_object(
          'part_id', scene.part_id, 'number', scene.number, 'title', coalesce(scene.plan ->> 'title', ''),
          'text', message.content, 'plan', scene.plan) order by scene.number) as scenes
        from public.story_parts scene
        join public.messages message on message.message_id = scene.message_id
        where scene.chapter_id = chapter.part_id and scene.number is not null
      ) written
      where chapter.project_id = story.project_id and chapter.kind = 'chapter'
        and chapter.number is not null and written.scenes is not null),
    'dossier', (
      select snapshot_json from public.dossiers where project_id = story.project_id)));
end
$$;

revoke all on function public.read_story_export(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_story_export(jsonb) to service_role;
