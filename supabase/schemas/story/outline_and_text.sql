-- The scenes' plans in order.
create function private.story_outline(wanted_project_id uuid) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    scene.plan || jsonb_build_object('number', scene.number, 'scene_id', scene.part_id)
    order by scene.number), '[]')
  from public.story_parts scene
  where scene.project_id = wanted_project_id and scene.kind = 'scene' and scene.number is not null);

-- The texts of the written scenes, in order. A scene that is being written is included with its current
-- text.
create function private.story_text(wanted_project_id uuid) returns text
language sql stable set search_path = ''
return (
  select coalesce(string_agg(coalesce(message.content, scene.draft), E'\n\n' order by scene.number), '')
  from public.story_parts scene
  left join public.messages message on message.message_id = scene.message_id
  where scene.project_id = wanted_project_id and scene.kind = 'scene' and scene.number is not null
    and (scene.message_id is not null or scene.draft <> ''));

revoke all on function
  private.story_outline(uuid),
  private.story_text(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_outline(uuid),
  private.story_text(uuid)
to service_role;
