-- A scene's heading and plan, with which its session begins.
create function private.scene_heading(part public.story_parts) returns text
language sql immutable set search_path = ''
return format('Scene %s: %s', coalesce(part.number, 0), coalesce(nullif(part.plan ->> 'title', ''), '-'))
  || coalesce(E'\n\n' || nullif(part.plan ->> 'description', ''), '');

-- Opens the session with the scene's texts, locked; a new one begins with the scene's heading and plan.
create function private.open_scene_session(part public.story_parts) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  root_id constant uuid := gen_random_uuid();
begin
  if part.session_id is not null then
    select * into session from public.sessions where session_id = part.session_id for no key update;
    return session;
  end if;
  insert into public.sessions (owner_id, project_id, kind, title)
  values (part.owner_id, part.project_id, 'story',
    coalesce(nullif(btrim(left(part.plan ->> 'title', 200)), ''), 'Untitled'))
  returning * into session;
  insert into public.messages (
    message_id, session_id, owner_id, turn_id, turn_number, position, depth, role, content, created_at,
    updated_at)
  values (
    root_id, session.session_id, session.owner_id, gen_random_uuid(), 1, 1, 1, 'user',
    private.scene_heading(part), clock_timestamp(), clock_timestamp());
  update public.sessions set active_leaf_id = root_id, turn_count = 1, message_count = 1
  where session_id = session.session_id
  returning * into session;
  update public.story_parts set session_id = session.session_id where part_id = part.part_id;
  return session;
end
$$;

-- Stores a text of a scene as another take, with `made` as for private.add_story_version. It becomes current
-- unless it is a model's, and the person has written or locked the scene's text; then the dossier follows.
-- The project is locked.
create function private.write_scene_text(part public.story_parts, scene_text text, made jsonb)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  max_bytes constant integer := 1048576;
  by_person constant boolean := made ->> 'made_by' = 'person';
  written_at timestamptz;
  unit constant text := (select settings ->> 'unit' from public.stories where project_id = part.project_id);
  is_current constant boolean := by_person or part.message_id is null
    or not (part.is_locked or part.is_text_edited);
  session public.sessions;
  root public.messages;
  take_id constant uuid := gen_random_uuid();
  take_length constant integer := coalesce(
    (made ->> 'length')::integer, private.story_length(scene_text, unit));
begin
  if coalesce(scene_text, '') !~ '\S' or octet_length(scene_text) > max_bytes then
    perform private.refuse(422, 'invalid_request',
      format('A scene''s text must have 1 to %s bytes.', max_bytes));
  end if;
  session := private.open_scene_session(part);
  written_at := clock_timestamp();
  select * into root from public.messages
  where session_id = session.session_id and parent_id is null
  order by position
  limit 1;
  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content, model,
    metadata, created_at, updated_at)
  values (
    take_id, session.session_id, session.owner_id, root.message_id, root.turn_id, root.turn_number,
    session.message_count + 1, root.depth + 1, 'assistant', scene_text, left(made ->> 'model', 256),
    jsonb_build_object('made_by', made ->> 'made_by'), written_at, written_at);
  update public.sessions
  set message_count = message_count + 1, last_message_at = written_at,
      active_leaf_id = case when is_current and part.number is not null then take_id
        else active_leaf_id end
  where session_id = session.session_id;
  part := private.add_story_version(part, 'text', made || jsonb_build_object(
    'message_id', take_id, 'length', take_length));
  if is_current then
    update public.story_parts
    set message_id = take_id, length = take_length, text_version = last_version,
        is_text_edited = private.is_edit(made)
    where part_id = part.part_id
    returning * into part;
    if part.number is not null then
      perform private.mark_for_extraction(session.session_id, array[take_id]);
    end if;
  end if;
  return part;
end
$$;

revoke all on function
  private.scene_heading(public.story_parts),
  private.open_scene_session(public.story_parts),
  private.write_scene_text(public.story_parts, text, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.scene_heading(public.story_parts),
  private.open_scene_session(public.story_parts),
  private.write_scene_text(public.story_parts, text, jsonb)
to service_role;
