-- Stores the parts in a request: settings, premise, outline, the text so far, a scene to rewrite. The project
-- is locked, and no task of its story is open.
create function private.take_givens(story public.stories, request jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  given constant jsonb := coalesce(nullif(request -> 'given', 'null'), '{}');
  by_person constant jsonb := '{"made_by": "person", "is_given": true}';
  first_scene public.story_parts;
begin
  if nullif(btrim(given ->> 'premise'), '') is not null
    and story.premise_hash is distinct from private.premise_hash(given ->> 'premise')
  then
    perform private.write_premise(story, btrim(given ->> 'premise'), by_person);
  end if;
  if jsonb_typeof(given -> 'outline') = 'array' and not (
    story.scenes = jsonb_array_length(given -> 'outline') and not exists (
      select from jsonb_array_elements(given -> 'outline') with ordinality as sent (plan, place)
      left join public.story_parts scene
        on scene.project_id = story.project_id and scene.kind = 'scene' and scene.number = sent.place
      where scene.plan is distinct from private.scene_plan(sent.plan)))
  then
    perform private.write_outline(story, 1, given -> 'outline', by_person);
  end if;
  if given ->> 'story_text' ~ '\S' and (
    select scenes_written = 0 from public.stories where project_id = story.project_id)
  then
    select * into first_scene from public.story_parts
    where project_id = story.project_id and kind = 'scene' and number is not null
    order by number
    limit 1;
    if not found then
      insert into public.story_parts (project_id, owner_id, kind, number, chapter_id, created_at)
      select chapter.project_id, chapter.owner_id, 'scene', 1, chapter.part_id, clock_timestamp()
      from private.open_chapter(story, 1) chapter
      returning * into first_scene;
    end if;
    perform private.write_scene_text(first_scene, given ->> 'story_text', by_person);
  end if;
  if request ->> 'route' = 'scene' then
    update public.story_parts set draft = '', pieces = 0, retries = 0, findings = '[]'
    where part_id = (
      private.open_story_part(story, 'scene', private.read_id(given, 'scene_id'))).part_id;
  end if;
end
$$;

revoke all on function private.take_givens(public.stories, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.take_givens(public.stories, jsonb) to service_role;
