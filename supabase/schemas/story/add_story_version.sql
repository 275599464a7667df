-- Adds a version to a part, whose project is locked, and returns the part. `made` is {made_by, content?,
-- message_id?, length?, is_rejected?, findings?, model?, prompt?, job_id?, is_given?}; a person's
-- version that came with a request (is_given) does not count as an edit.
create function private.add_story_version(part public.story_parts, aspect text, made jsonb)
returns public.story_parts
language plpgsql set search_path = '' as $$
begin
  update public.story_parts set last_version = last_version + 1
  where part_id = part.part_id
  returning * into part;
  insert into public.story_versions (
    part_id, version, owner_id, aspect, made_by, content, message_id, length, is_rejected, findings, model,
    prompt, job_id, created_at)
  values (
    part.part_id, part.last_version, part.owner_id, aspect, made ->> 'made_by',
    nullif(made -> 'content', 'null'), private.read_id(made, 'message_id'),
    coalesce((made ->> 'length')::integer, 0), coalesce((made ->> 'is_rejected')::boolean, false),
    coalesce(nullif(made -> 'findings', 'null'), '[]'), left(made ->> 'model', 256),
    left(made ->> 'prompt', 128), private.read_id(made, 'job_id'), clock_timestamp());
  return part;
end
$$;

-- Whether the person has decided the part's content, so that no model changes it.
create function private.is_edit(made jsonb) returns boolean
language sql immutable parallel safe
return made ->> 'made_by' = 'person' and not coalesce((made ->> 'is_given')::boolean, false);

revoke all on function
  private.add_story_version(public.story_parts, text, jsonb),
  private.is_edit(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.add_story_version(public.story_parts, text, jsonb),
  private.is_edit(jsonb)
to service_role;
