-- The project of a request, locked: the named one, or the owner's newest one with the given premise; a
-- request without a premise takes one without premise and open work; otherwise a new one.
create function private.find_story_project(principal_id uuid, request jsonb) returns public.projects
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  given_premise constant text := nullif(btrim(request #>> '{given,premise}'), '');
  known_id uuid;
  project public.projects;
begin
  if wanted_id is null and request #>> '{given,scene_id}' is not null then
    select project_id into wanted_id from public.story_parts
    where part_id = private.read_id(request -> 'given', 'scene_id') and owner_id = principal_id;
    if not found then
      perform private.refuse_story_part();
    end if;
  end if;
  if wanted_id is not null then
    return private.open_project(principal_id, wanted_id);
  end if;
  if given_premise is not null then
    select project_id into known_id from public.stories
    where owner_id = principal_id and premise_hash = private.premise_hash(given_premise)
    order by created_at desc
    limit 1;
  else
    select story.project_id into known_id from public.stories story
    where story.owner_id = principal_id and story.premise_hash is null and story.scenes = 0
      and not exists (
        select from public.jobs
        where subject_id = story.project_id and kind = 'story' and merge_key = 'story'
          and status in ('queued', 'running', 'paused'))
    order by story.created_at desc
    limit 1;
  end if;
  if known_id is not null then
    return private.open_project(principal_id, known_id);
  end if;
  insert into public.projects (owner_id, name)
  values (principal_id, coalesce(
    nullif(btrim(left(request ->> 'title', 200)), ''),
    nullif(btrim(left(request #>> '{settings,title}', 200)), ''),
    -- In languages without spaces the first word is the whole premise.
    nullif(btrim(left(substring(given_premise from '^(?:\s*\S+){1,8}'), 60)), ''),
    'Untitled'))
  returning * into project;
  return project;
end
$$;

revoke all on function private.find_story_project(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.find_story_project(uuid, jsonb) to service_role;
