-- Stories are found by their premise, whose hash is in the story's row.
create function private.premise_hash(premise_text text) returns text
language sql immutable parallel safe
return encode(sha256(convert_to(btrim(premise_text), 'UTF8')), 'hex');

-- The current premise; null if there is none.
create function private.premise_text(wanted_project_id uuid) returns text
language sql stable set search_path = ''
return (
  select version.content ->> 'text'
  from public.story_parts part
  join public.story_versions version
    on version.part_id = part.part_id and version.version = part.text_version
  where part.project_id = wanted_project_id and part.kind = 'premise' and part.number = 1);

revoke all on function
  private.premise_hash(text),
  private.premise_text(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.premise_hash(text),
  private.premise_text(uuid)
to service_role;
