-- The person's actions on parts of the story. `part` is "premise", "outline" or "scene", with scene_id for a
-- scene. The person's own text, choice or lock stays until they change it; a model's later version is kept,
-- and is not current.

-- The part as the person sees it, with its text.
create function private.any_part_body(part public.story_parts) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return case when part.kind = 'scene' then private.scene_body(part, true)
    else private.story_part_body(part) end;
end
$$;

-- The part that a request names, its project locked.
create function private.open_named_part(request jsonb, principal_id uuid) returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  story constant public.stories := private.open_story(
    principal_id, private.read_id(request, 'project_id'));
begin
  if (request ->> 'part' in ('premise', 'outline', 'scene')) is not true then
    perform private.refuse(422, 'invalid_request', 'part must be premise, outline or scene.');
  end if;
  return private.open_story_part(story, request ->> 'part', private.read_id(request, 'scene_id'));
end
$$;

-- Writes a part: {principal, project_id, part, scene_id?, if_match, body}; the body of a premise is {text},
-- of an outline {scenes, chapter?}, of a scene {title?, description?, characters?, key_events?,
-- image_prompt?, narration?, text?}. Answers with the part.
create function public.write_story_part(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  by_person constant jsonb := '{"made_by": "person"}';
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
  story public.stories;
  new_plan jsonb;
begin
  perform private.check_version(request ->> 'if_match', part.last_version::text);
  select * into story from public.stories where project_id = part.project_id;
  if part.kind = 'premise' then
    part := private.write_premise(story, btrim(body ->> 'text'), by_person);
  elsif part.kind = 'outline' then
    part := private.write_outline(
      story, (body ->> 'chapter')::integer, body -> 'scenes', by_person);
  else
    new_plan := private.scene_plan(part.plan || (body - 'text'));
    if new_plan <> private.scene_plan(part.plan) then
      part := private.add_story_version(part, 'plan', by_person || jsonb_build_object('content', new_plan));
      update public.story_parts
      set plan = new_plan, plan_version = last_version, is_plan_edited = true
      where part_id = part.part_id
      returning * into part;
    end if;
    if body ? 'text' then
      part := private.write_scene_text(part, body ->> 'text', by_person);
      update public.story_parts set draft = '', pieces = 0, retries = 0, findings = '[]'
      where part_id = part.part_id
      returning * into part;
    end if;
  end if;
  perform private.check_stored_bytes(part.owner_id);
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

-- All versions of a part, the newest first: {principal, project_id, part, scene_id?, query: {limit, offset}}.
create function public.list_story_versions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  row_count constant integer := private.page_size(request -> 'query', 20);
  first_row constant integer := private.page_start(request -> 'query');
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  part public.story_parts;
begin
  select * into part from public.story_parts
  where project_id = story.project_id and kind = request ->> 'part'
    and (kind <> 'scene' and number = 1 or part_id = private.read_id(request, 'scene_id'));
  if not found and request ->> 'part' = 'scene' then
    perform private.refuse_story_part();
  end if;
  return private.answer_page(
    (
      select jsonb_agg(jsonb_build_object(
          'version', made.version, 'aspect', made.aspect, 'made_by', made.made_by,
          'is_current', coalesce(made.version in (part.text_version, part.plan_version), false),
          'is_rejected', made.is_rejected, 'findings', made.findings, 'length', made.length,
          'model', made.model, 'prompt', made.prompt, 'task_id', made.job_id,
          'created_at', private.iso(made.created_at),
          'text', coalesce(message.content, made.content ->> 'text'))
          || case when made.aspect = 'plan' then jsonb_build_object('plan', made.content) else '{}' end
        order by made.version desc)
      from (
        select * from public.story_versions
        where part_id = part.part_id
        order by version desc
        limit row_count offset first_row
      ) made
      left join public.messages message on message.message_id = made.message_id),
    first_row,
    (select count(*) from public.story_versions where part_id = part.part_id));
end
$$;

-- Makes a version current: {principal, project_id, part, scene_id?, version, if_match}. It then counts as the
-- person's, whoever made it. Answers with the part.
create function public.select_story_version(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  by_person constant jsonb := '{"made_by": "person"}';
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
  story public.stories;
  chosen public.story_versions;
begin
  perform private.check_version(request ->> 'if_match', part.last_version::text);
  select * into story from public.stories where project_id = part.project_id;
  select * into chosen from public.story_versions
  where part_id = part.part_id and version = case
    when request ->> 'version' ~ '^[0-9]{1,9}$' then (request ->> 'version')::integer end;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such version: list the versions to see which there are.');
  end if;
  if part.kind = 'premise' then
    update public.story_parts set text_version = chosen.version, is_text_edited = true
    where part_id = part.part_id
    returning * into part;
    update public.stories set premise_hash = private.premise_hash(chosen.content ->> 'text')
    where project_id = part.project_id;
  elsif part.kind = 'outline' then
    part := private.write_outline(
      story, (chosen.content ->> 'chapter')::integer, chosen.content -> 'scenes', by_person);
  elsif chosen.aspect = 'plan' then
    update public.story_parts
    set plan = chosen.content, plan_version = chosen.version, is_plan_edited = true
    where part_id = part.part_id
    returning * into part;
  elsif chosen.message_id is null then
    part := private.write_scene_text(part, chosen.content ->> 'text', by_person);
  else
    if part.number is not null then
      update public.sessions set active_leaf_id = chosen.message_id
      where session_id = part.session_id and active_leaf_id <> chosen.message_id;
      perform private.mark_for_extraction(part.session_id, array[chosen.message_id]);
    end if;
    update public.story_parts
    set message_id = chosen.message_id, length = chosen.length, text_version = chosen.version,
        is_text_edited = true
    where part_id = part.part_id
    returning * into part;
  end if;
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

create function private.set_story_lock(request jsonb, wanted boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
begin
  update public.story_parts set is_locked = wanted
  where part_id = part.part_id
  returning * into part;
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

-- Protects a part from changes by models: {principal, project_id, part, scene_id?}. Answers with the part.
create function public.lock_story_part(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.set_story_lock(request, true);

create function public.unlock_story_part(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.set_story_lock(request, false);

revoke all on function
  private.any_part_body(public.story_parts),
  private.open_named_part(jsonb, uuid),
  public.write_story_part(jsonb),
  public.list_story_versions(jsonb),
  public.select_story_version(jsonb),
  private.set_story_lock(jsonb, boolean),
  public.lock_story_part(jsonb),
  public.unlock_story_part(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.any_part_body(public.story_parts),
  private.open_named_part(jsonb, uuid),
  public.write_story_part(jsonb),
  public.list_story_versions(jsonb),
  public.select_story_version(jsonb),
  private.set_story_lock(jsonb, boolean),
  public.lock_story_part(jsonb),
  public.unlock_story_part(jsonb)
to service_role;
