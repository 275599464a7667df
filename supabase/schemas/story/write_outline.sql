-- Whether a scene of an outline stays unchanged: it is written, edited or locked.
create function private.is_scene_kept(part public.story_parts) returns boolean
language sql immutable set search_path = ''
return part.message_id is not null or part.is_locked or part.is_plan_edited or part.draft <> '';

-- Gives a chapter these scenes: an array of plans, each optionally with `weight`. Scene by scene: a kept one
-- stays, another gets the new plan as a version, further ones are added, and remaining ones are deleted. A
-- person's plans replace everything that is not written. `made` as for private.add_story_version. The project
-- is locked.
create function private.write_scenes(chapter public.story_parts, plans jsonb, made jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  by_person constant boolean := made ->> 'made_by' = 'person';
  first_number integer;
  known public.story_parts[];
  part public.story_parts;
  sent record;
  next_number integer;
  added integer;
begin
  select coalesce(array_agg(scene order by scene.number), '{}') into known
  from public.story_parts scene
  where scene.chapter_id = chapter.part_id and scene.number is not null;
  -- A chapter without scenes begins behind the last scene of the chapters before it.
  first_number := coalesce(known[1].number, 1 + coalesce((
    select scene.number
    from public.story_parts earlier
    join public.story_parts scene on scene.chapter_id = earlier.part_id
    where earlier.project_id = chapter.project_id and earlier.kind = 'chapter'
      and earlier.number < chapter.number and scene.number is not null
    order by earlier.number desc, scene.number desc
    limit 1), 0));
  added := greatest(jsonb_array_length(plans) - cardinality(known), 0);
  perform private.shift_story_parts(
    chapter.project_id, 'scene', first_number + cardinality(known), added);
  for sent in
    select plan.value, plan.place::integer as place
    from jsonb_array_elements(plans) with ordinality as plan (value, place)
    order by plan.place
  loop
    if sent.place > cardinality(known) then
      insert into public.story_parts (
        project_id, owner_id, kind, number, chapter_id, plan, weight, created_at)
      values (
        chapter.project_id, chapter.owner_id, 'scene', first_number + sent.place - 1, chapter.part_id,
        private.scene_plan(sent.value),
        least(greatest(coalesce((sent.value ->> 'weight')::integer, 1), 1), 100), clock_timestamp())
      returning * into part;
    else
      part := known[sent.place];
      if not by_person and private.is_scene_kept(part) or private.scene_plan(sent.value) = part.plan then
        continue;
      end if;
      update public.story_parts
      set plan = private.scene_plan(sent.value),
          weight = least(greatest(coalesce((sent.value ->> 'weight')::integer, weight), 1), 100)
      where part_id = part.part_id
      returning * into part;
    end if;
    part := private.add_story_version(part, 'plan', made || jsonb_build_object('content', part.plan));
    update public.story_parts
    set plan_version = last_version, is_plan_edited = is_plan_edited or private.is_edit(made)
    where part_id = part.part_id;
  end loop;
  -- From the end, so that the numbers before stay.
  for place in reverse cardinality(known)..jsonb_array_length(plans) + 1 loop
    part := known[place];
    if part.message_id is not null or not by_person and private.is_scene_kept(part) then
      continue;
    end if;
    update public.story_parts set number = null, deleted_at = clock_timestamp()
    where part_id = part.part_id;
    perform private.shift_story_parts(chapter.project_id, 'scene', part.number + 1, -1);
  end loop;
  update public.story_parts set is_outlined = true where part_id = chapter.part_id and not is_outlined;
end
$$;

-- The chapter with this number; the story's first one is created if it is missing.
create function private.open_chapter(story public.stories, wanted_number integer)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  chapter public.story_parts;
begin
  select * into chapter from public.story_parts
  where project_id = story.project_id and kind = 'chapter' and number = wanted_number;
  if not found then
    if wanted_number <> 1 then
      perform private.refuse_story_part();
    end if;
    insert into public.story_parts (project_id, owner_id, kind, number, plan, created_at)
    values (story.project_id, story.owner_id, 'chapter', 1, '{}', clock_timestamp())
    returning * into chapter;
  end if;
  return chapter;
end
$$;

-- Stores an outline, or the outline of one chapter: its version, and its scenes unless it is a model's and
-- the person has locked the outline. The project is locked.
create function private.write_outline(
  story public.stories, chapter_number integer, plans jsonb, made jsonb
) returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  max_scenes constant integer := 500;
  by_person constant boolean := made ->> 'made_by' = 'person';
  outline public.story_parts := private.open_story_part(story, 'outline', null);
begin
  if jsonb_typeof(plans) is distinct from 'array' or jsonb_array_length(plans) not between 1 and max_scenes
    or exists (select from jsonb_array_elements(plans) sent where jsonb_typeof(sent) <> 'object')
  then
    perform private.refuse(422, 'invalid_request',
      format('An outline must be an array of 1 to %s scenes.', max_scenes));
  end if;
  outline := private.add_story_version(outline, 'plan', made || jsonb_build_object(
    'content', jsonb_build_object('chapter', chapter_number, 'scenes', plans)));
  if by_person or not outline.is_locked then
    update public.story_parts
    set plan_version = last_version, is_plan_edited = is_plan_edited or private.is_edit(made)
    where part_id = outline.part_id
    returning * into outline;
    perform private.write_scenes(
      private.open_chapter(story, coalesce(chapter_number, 1)), plans, made);
  end if;
  return outline;
end
$$;

-- Stores the chapters of a novel: [{number, title, description, key_events}]. Chapters with scenes stay
-- unchanged. The project is locked.
create function private.write_chapters(story public.stories, plans jsonb, made jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_chapters constant integer := 50;
  sent record;
  chapter public.story_parts;
begin
  if jsonb_typeof(plans) is distinct from 'array'
    or jsonb_array_length(plans) not between 1 and max_chapters
  then
    perform private.refuse(422, 'invalid_request',
      format('chapters must be an array of 1 to %s chapters.', max_chapters));
  end if;
  for sent in
    select private.scene_plan(plan.value) - array['characters', 'image_prompt', 'narration'] as plan,
      plan.place::integer as place
    from jsonb_array_elements(plans) with ordinality as plan (value, place)
  loop
    select * into chapter from public.story_parts
    where project_id = story.project_id and kind = 'chapter' and number = sent.place;
    if not found then
      insert into public.story_parts (project_id, owner_id, kind, number, plan, created_at)
      values (story.project_id, story.owner_id, 'chapter', sent.place, sent.plan, clock_timestamp())
      returning * into chapter;
    elsif chapter.is_outlined or chapter.is_plan_edited or chapter.is_locked then
      continue;
    else
      update public.story_parts set plan = sent.plan where part_id = chapter.part_id
      returning * into chapter;
    end if;
    chapter := private.add_story_version(chapter, 'plan', made || jsonb_build_object(
      'content', sent.plan));
    update public.story_parts set plan_version = last_version where part_id = chapter.part_id;
  end loop;
end
$$;

revoke all on function
  private.is_scene_kept(public.story_parts),
  private.write_scenes(public.story_parts, jsonb, jsonb),
  private.open_chapter(public.stories, integer),
  private.write_outline(public.stories, integer, jsonb, jsonb),
  private.write_chapters(public.stories, jsonb, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_scene_kept(public.story_parts),
  private.write_scenes(public.story_parts, jsonb, jsonb),
  private.open_chapter(public.stories, integer),
  private.write_outline(public.stories, integer, jsonb, jsonb),
  private.write_chapters(public.stories, jsonb, jsonb)
to service_role;
