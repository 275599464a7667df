-- The person can insert, move, delete and restore scenes, also while a task writes the story: the task's next
-- step uses the scenes as they are then.

-- Opens a scene of the story to change it, its project locked.
create function private.open_scene(request jsonb) returns public.story_parts
language plpgsql set search_path = '' as $$
begin
  return private.open_story_part(
    private.open_story(
      private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id')),
    'scene', private.read_id(request, 'scene_id'));
end
$$;

-- Refuses a deleted scene.
create function private.check_scene_is_there(scene public.story_parts) returns void
language plpgsql set search_path = '' as $$
begin
  if scene.number is null then
    perform private.refuse(422, 'invalid_request', 'This scene is deleted: restore it first.');
  end if;
end
$$;

-- Reads a scene, which may be deleted: {principal, project_id, scene_id}.
create function public.read_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  scene public.story_parts;
begin
  select * into scene from public.story_parts
  where part_id = private.read_id(request, 'scene_id') and kind = 'scene'
    and project_id = story.project_id;
  if not found then
    perform private.refuse_story_part();
  end if;
  return private.answer(private.scene_body(scene, true), etag => scene.last_version::text);
end
$$;

-- The place after another scene: number and chapter. Without another scene it is the beginning.
create function private.place_behind(
  wanted_project_id uuid, after_id uuid, out number integer, out chapter_id uuid
)
language plpgsql set search_path = '' as $$
declare
  after public.story_parts;
begin
  if after_id is null then
    number := 1;
    select part.part_id into chapter_id from public.story_parts part
    where part.project_id = wanted_project_id and part.kind = 'chapter' and part.number = 1;
    return;
  end if;
  select * into after from public.story_parts part
  where part.part_id = after_id and part.project_id = wanted_project_id and part.kind = 'scene';
  if not found then
    perform private.refuse_story_part();
  end if;
  perform private.check_scene_is_there(after);
  number := after.number + 1;
  chapter_id := after.chapter_id;
end
$$;

-- Inserts a scene to be written: {principal, project_id, body: {after_scene_id?, chapter?, title,
-- description?, ...}}. after_scene_id null means the beginning; without it, the end of the chapter or the
-- story. 201 with the scene.
create function public.insert_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_scenes constant integer := 1000;
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  story public.stories := private.open_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  chapter public.story_parts;
  place record;
  scene public.story_parts;
begin
  if coalesce(body ->> 'title', '') !~ '\S' and coalesce(body ->> 'description', '') !~ '\S' then
    perform private.refuse(422, 'invalid_request', 'A scene must have a title or a description.');
  end if;
  if story.scenes >= max_scenes then
    perform private.refuse(422, 'invalid_request', format('A story may have %s scenes.', max_scenes));
  end if;
  if body ? 'after_scene_id' then
    perform private.open_chapter(story, 1);
    select * into place from private.place_behind(
      story.project_id, private.read_id(body, 'after_scene_id'));
  else
    chapter := private.open_chapter(story, greatest(coalesce((
      case when jsonb_typeof(body -> 'chapter') = 'number' then (body ->> 'chapter')::numeric end)::integer,
      story.chapters), 1));
    select 1 + coalesce(max(earlier.number), 0) as number, chapter.part_id as chapter_id into place
    from public.story_parts known
    join public.story_parts earlier on earlier.chapter_id = known.part_id
    where known.project_id = story.project_id and known.kind = 'chapter'
      and known.number <= chapter.number and earlier.number is not null;
  end if;
  perform private.shift_story_parts(story.project_id, 'scene', place.number, 1);
  insert into public.story_parts (
    project_id, owner_id, kind, number, chapter_id, plan, is_plan_edited, created_at)
  values (
    story.project_id, story.owner_id, 'scene', place.number, place.chapter_id, private.scene_plan(body),
    true, clock_timestamp())
  returning * into scene;
  scene := private.add_story_version(scene, 'plan', jsonb_build_object(
    'made_by', 'person', 'content', scene.plan));
  update public.story_parts set plan_version = last_version where part_id = scene.part_id
  returning * into scene;
  perform private.check_stored_bytes(scene.owner_id);
  return private.answer(private.scene_body(scene, true), 201, scene.last_version::text);
end
$$;

-- Moves a scene, with its text: {principal, project_id, scene_id, body: {after_scene_id}}, where null is the
-- beginning; it moves into the chapter of the scene before it.
create function public.move_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene public.story_parts := private.open_scene(request);
  after_id constant uuid := private.read_id(coalesce(nullif(request -> 'body', 'null'), '{}'), 'after_scene_id');
  place record;
  new_number integer;
begin
  perform private.check_scene_is_there(scene);
  if after_id = scene.part_id then
    perform private.refuse(422, 'invalid_request', 'A scene cannot come behind itself: name another one.');
  end if;
  select * into place from private.place_behind(scene.project_id, after_id);
  new_number := place.number - (place.number > scene.number)::integer;
  update public.story_parts
  set number = case
        when part_id = scene.part_id then new_number
        when number > scene.number then number - 1
        else number + 1
      end,
      chapter_id = case when part_id = scene.part_id then place.chapter_id else chapter_id end
  where project_id = scene.project_id and kind = 'scene'
    and (part_id = scene.part_id
      or number > scene.number and number <= new_number
      or number < scene.number and number >= new_number);
  select * into scene from public.story_parts where part_id = scene.part_id;
  return private.answer(private.scene_body(scene, true), etag => scene.last_version::text);
end
$$;

-- Removes a scene from the story: {principal, project_id, scene_id, if_match}. Its text is kept, and facts
-- that the dossier has only from it are hidden until the scene is restored.
create function public.delete_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene public.story_parts := private.open_scene(request);
begin
  perform private.check_version(request ->> 'if_match', scene.last_version::text);
  if scene.number is not null then
    update public.sessions
    set active_leaf_id = (
      select message_id from public.messages
      where messages.session_id = scene.session_id and parent_id is null
      order by position
      limit 1)
    where session_id = scene.session_id and scene.message_id is not null;
    update public.story_parts
    set deleted_number = number, number = null, deleted_at = clock_timestamp()
    where part_id = scene.part_id;
    perform private.shift_story_parts(scene.project_id, 'scene', scene.number + 1, -1);
  end if;
  return private.answer('{"message": "The scene is deleted: it can be restored."}');
end
$$;

-- Restores a deleted scene to its chapter, at its old number if that exists: {principal, project_id,
-- scene_id}.
create function public.restore_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene public.story_parts := private.open_scene(request);
  first_number integer;
  last_number integer;
  new_number integer;
begin
  if scene.number is null then
    select min(other.number), max(other.number) into first_number, last_number
    from public.story_parts other
    where other.chapter_id = scene.chapter_id and other.number is not null;
    if first_number is null then
      select 1 + coalesce(max(earlier.number), 0) into new_number
      from public.story_parts chapter
      join public.story_parts known
        on known.project_id = chapter.project_id and known.kind = 'chapter'
        and known.number < chapter.number
      join public.story_parts earlier on earlier.chapter_id = known.part_id
      where chapter.part_id = scene.chapter_id;
    else
      new_number := least(greatest(scene.deleted_number, first_number), last_number + 1);
    end if;
    perform private.shift_story_parts(scene.project_id, 'scene', new_number, 1);
    update public.story_parts
    set number = new_number, deleted_at = null, deleted_number = null
    where part_id = scene.part_id
    returning * into scene;
    if scene.message_id is not null then
      update public.sessions set active_leaf_id = scene.message_id
      where session_id = scene.session_id;
      perform private.mark_for_extraction(scene.session_id, array[scene.message_id]);
    end if;
  end if;
  return private.answer(private.scene_body(scene, true), etag => scene.last_version::text);
end
$$;

revoke all on function
  private.open_scene(jsonb),
  private.check_scene_is_there(public.story_parts),
  public.read_scene(jsonb),
  private.place_behind(uuid, uuid),
  public.insert_scene(jsonb),
  public.move_scene(jsonb),
  public.delete_scene(jsonb),
  public.restore_scene(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_scene(jsonb),
  private.check_scene_is_there(public.story_parts),
  public.read_scene(jsonb),
  private.place_behind(uuid, uuid),
  public.insert_scene(jsonb),
  public.move_scene(jsonb),
  public.delete_scene(jsonb),
  public.restore_scene(jsonb)
to service_role;
