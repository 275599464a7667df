-- The project's story, which is locked with its project, if the principal may change it; refused if the
-- project has no story.
create function private.open_story(principal_id uuid, wanted_project_id uuid) returns public.stories
language plpgsql set search_path = '' as $$
declare
  story public.stories;
begin
  perform private.open_project(principal_id, wanted_project_id);
  select * into story from public.stories where project_id = wanted_project_id for no key update;
  if not found then
    perform private.refuse_story();
  end if;
  return story;
end
$$;

-- The same for reading, without locks.
create function private.find_story(principal_id uuid, wanted_project_id uuid) returns public.stories
language plpgsql stable set search_path = '' as $$
declare
  story public.stories;
begin
  select * into story from public.stories
  where project_id = wanted_project_id and owner_id = principal_id;
  if not found then
    perform private.refuse_story();
  end if;
  return story;
end
$$;

create function private.refuse_story() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no story in this project, or no such project: begin one with a premise or an outline.');
end
$$;

create function private.refuse_story_part() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such part of the story: read the story to see which there are.');
end
$$;

-- A part of the story, whose project is locked: its premise, its outline, or a scene. Premise and outline are
-- created if they are missing.
create function private.open_story_part(story public.stories, part_kind text, wanted_id uuid)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  part public.story_parts;
begin
  if part_kind in ('premise', 'outline') then
    select * into part from public.story_parts
    where project_id = story.project_id and kind = part_kind and number = 1;
    if not found then
      insert into public.story_parts (project_id, owner_id, kind, number, created_at)
      values (story.project_id, story.owner_id, part_kind, 1, clock_timestamp())
      returning * into part;
    end if;
    return part;
  end if;
  select * into part from public.story_parts
  where part_id = wanted_id and project_id = story.project_id and kind = part_kind;
  if not found then
    perform private.refuse_story_part();
  end if;
  return part;
end
$$;

revoke all on function
  private.open_story(uuid, uuid),
  private.find_story(uuid, uuid),
  private.refuse_story(),
  private.refuse_story_part(),
  private.open_story_part(public.stories, text, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_story(uuid, uuid),
  private.find_story(uuid, uuid),
  private.refuse_story(),
  private.refuse_story_part(),
  private.open_story_part(public.stories, text, uuid)
to service_role;
