-- Begins to read a text: {principal, project_id, title | null, chapters, steps: [{text, chapter,
-- chapter_title | null, from_byte}]}; 202 with how far it is, and where to ask for that.
create function public.start_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 400;
  max_step_bytes constant integer := 16384;
  max_text_bytes constant integer := 1048576;
  -- Their texts are kept, for what was quoted.
  max_imports constant integer := 20;
  project public.projects;
  import public.dossier_imports;
  parts constant jsonb := request -> 'steps';
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  if jsonb_typeof(parts) is distinct from 'array'
    or jsonb_array_length(parts) not between 1 and max_steps then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of 1 to %s parts of the text.', max_steps));
  end if;
  if (select sum(octet_length(part ->> 'text')) > max_text_bytes
      or max(octet_length(part ->> 'text')) > max_step_bytes
      or not bool_and(coalesce(part ->> 'text', '') <> '')
    from jsonb_array_elements(parts) part)
  then
    perform private.refuse(413, 'body_too_large', format(
      'The text may have %s bytes, and each of its steps 1 to %s.', max_text_bytes, max_step_bytes));
  end if;

  select * into import from public.dossier_imports
  where project_id = project.project_id and status in ('queued', 'running')
  for no key update;
  if found then
    if import.log_start = (
      select log_start from public.dossiers where project_id = project.project_id)
    then
      perform private.refuse(409, 'import_in_progress', format(
        'A text is being imported into this project: wait for task %s, or cancel it.',
        import.task_id));
    end if;
    perform private.end_import(import.task_id, 'cancelled');
  end if;
  if (select count(*) >= max_imports from public.dossier_imports
      where project_id = project.project_id)
  then
    perform private.refuse(422, 'invalid_request', format(
      'A project may have %s imports: use another project.', max_imports));
  end if;

  insert into public.dossier_imports (
    project_id, owner_id, title, chapter_count, step_count, log_start, created_at)
  select project.project_id, project.owner_id, nullif(btrim(left(request ->> 'title', 200)), ''),
    (request ->> 'chapters')::integer, jsonb_array_length(parts), dossier.log_start,
    clock_timestamp()
  from public.dossiers dossier
  where dossier.project_id = project.project_id
  returning * into import;
  insert into public.dossier_import_steps (
    task_id, step, owner_id, chapter, chapter_title, from_byte, to_byte, text)
  select import.task_id, part.place, import.owner_id, (part.value ->> 'chapter')::integer,
    nullif(part.value ->> 'chapter_title', ''), (part.value ->> 'from_byte')::integer,
    (part.value ->> 'from_byte')::integer + octet_length(part.value ->> 'text'),
    part.value ->> 'text'
  from jsonb_array_elements(parts) with ordinality as part (value, place);
  return private.answer(
    private.import_body(import) || jsonb_build_object(
      'status_url', format('/dossier/%s/import/%s', import.project_id, import.task_id)),
    202);
end
$$;

revoke all on function public.start_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.start_import(jsonb) to service_role;
