-- The stored members of a plan; others are left out.
create function private.scene_plan(sent jsonb) returns jsonb
language sql immutable set search_path = ''
return jsonb_build_object(
  'title', left(coalesce(sent ->> 'title', ''), 200),
  'description', left(coalesce(sent ->> 'description', ''), 4000),
  'characters', case when jsonb_typeof(sent -> 'characters') = 'array'
    then sent -> 'characters' else '[]' end,
  'key_events', case when jsonb_typeof(sent -> 'key_events') = 'array'
    then sent -> 'key_events' else '[]' end,
  'image_prompt', left(coalesce(sent ->> 'image_prompt', ''), 4000),
  'narration', left(coalesce(sent ->> 'narration', ''), 4000));

-- Moves a story's numbers from this one on by an offset, to make room or to close a gap.
create function private.shift_story_parts(
  wanted_project_id uuid, part_kind text, from_number integer, places integer
) returns void
language sql set search_path = '' as $$
  update public.story_parts set number = number + places
  where project_id = wanted_project_id and kind = part_kind and number >= from_number and places <> 0;
$$;

revoke all on function
  private.scene_plan(jsonb),
  private.shift_story_parts(uuid, text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.scene_plan(jsonb),
  private.shift_story_parts(uuid, text, integer, integer)
to service_role;
