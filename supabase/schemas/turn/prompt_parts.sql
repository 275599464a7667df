-- The parts of a turn's system prompt: [{part, text}], where part is prompt (ours, a character's, a bot's),
-- project_instructions, session_instructions or dossier. Their texts, one after another, are the system prompt.

-- The parts before the dossier. Without any text there are none.
create function private.prompt_parts(session public.sessions, own_prompt text) returns jsonb
language sql stable
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'part', part, 'text', case number when 1 then '' else E'\n\n' end || text)
    order by number), '[]')
  from (
    select part, text, row_number() over (order by place) as number
    from (values
      (1, 'prompt', nullif(own_prompt, '')),
      (2, 'project_instructions', (
        select project.instructions from public.projects project
        where project.project_id = session.project_id)),
      (3, 'session_instructions', session.instructions)
    ) as part_of_prompt (place, part, text)
    where text is not null
  ) as numbered
);

-- The system prompt made of these parts; null for none.
create function private.joined_prompt(parts jsonb) returns text
language sql immutable parallel safe
return (
  select string_agg(part.value ->> 'text', '' order by part.ordinality)
  from jsonb_array_elements(parts) with ordinality as part);

-- The record of the parts next to the system prompt: [{part, bytes}].
create function private.measured_parts(parts jsonb) returns jsonb
language sql immutable parallel safe
return (
  select coalesce(jsonb_agg(
    jsonb_build_object('part', part.value -> 'part', 'bytes', octet_length(part.value ->> 'text'))
    order by part.ordinality), '[]')
  from jsonb_array_elements(parts) with ordinality as part);

-- The parts of a stored system prompt, without the lines between them; null if they were not recorded.
create function private.kept_parts(system_prompt text, measured jsonb) returns jsonb
language sql immutable parallel safe
return case when measured is not null then (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'part', placed.part,
      'text', btrim(convert_from(
        substring(convert_to(system_prompt, 'UTF8') from placed.until - placed.bytes + 1 for placed.bytes),
        'UTF8'), E'\n'))
    order by placed.ordinality), '[]')
  from (
    select part.value ->> 'part' as part, (part.value ->> 'bytes')::integer as bytes, part.ordinality,
      (sum((part.value ->> 'bytes')::integer) over (order by part.ordinality))::integer as until
    from jsonb_array_elements(measured) with ordinality as part
  ) as placed) end;

-- A list of one part, or of none.
create function private.part_unless_empty(part text, told text) returns jsonb
language sql immutable parallel safe
return case when coalesce(told, '') = '' then '[]'
  else jsonb_build_array(jsonb_build_object('part', part, 'text', btrim(told, E'\n'))) end;

revoke all on function
  private.prompt_parts(public.sessions, text),
  private.joined_prompt(jsonb),
  private.measured_parts(jsonb),
  private.kept_parts(text, jsonb),
  private.part_unless_empty(text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.prompt_parts(public.sessions, text),
  private.joined_prompt(jsonb),
  private.measured_parts(jsonb),
  private.kept_parts(text, jsonb),
  private.part_unless_empty(text, text)
to service_role;
