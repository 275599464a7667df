-- Stores a premise, with `made` as for private.add_story_version; it becomes current unless it is a model's
-- and the person has written or locked the premise. The project is locked.
create function private.write_premise(story public.stories, premise_text text, made jsonb)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  max_characters constant integer := 20000;
  part public.story_parts := private.open_story_part(story, 'premise', null);
  by_person constant boolean := made ->> 'made_by' = 'person';
begin
  if char_length(btrim(coalesce(premise_text, ''))) not between 1 and max_characters then
    perform private.refuse(422, 'invalid_request',
      format('A premise must be a text of 1 to %s characters.', max_characters));
  end if;
  part := private.add_story_version(part, 'text', made || jsonb_build_object(
    'content', jsonb_build_object('text', premise_text),
    'length', private.story_length(premise_text, story.settings ->> 'unit')));
  if by_person or not (part.is_locked or part.is_text_edited) then
    update public.story_parts set text_version = last_version, is_text_edited = private.is_edit(made)
    where part_id = part.part_id
    returning * into part;
    update public.stories set premise_hash = private.premise_hash(premise_text)
    where project_id = story.project_id;
  end if;
  return part;
end
$$;

revoke all on function private.write_premise(public.stories, text, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_premise(public.stories, text, jsonb) to service_role;
