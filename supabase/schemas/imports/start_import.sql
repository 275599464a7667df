-- Begins to import a text: {principal, admission?, project_id, title | null, chapters, steps: [{text, chapter,
-- chapter_title | null, from_byte}]}; 202 with its progress, and the URL for reading it.
create function public.start_import(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 400;
  max_step_bytes constant integer := 16384;
  max_text_bytes constant integer := 1048576;
  -- Bounded, because imports keep their texts, for quotes.
  max_imports constant integer := 20;
  project public.projects;
  import public.jobs;
  dossier_start bigint;
  parts constant jsonb := request -> 'steps';
begin
  project := private.open_project(
    private.admit(request), private.read_id(request, 'project_id'));
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

  select log_start into dossier_start from public.dossiers
  where project_id = project.project_id;
  select * into import from public.jobs
  where subject_id = project.project_id and kind = 'dossier_import' and merge_key = 'project'
    and status in ('queued', 'running', 'paused')
  for no key update;
  if found then
    if (import.payload ->> 'log_start')::bigint = dossier_start then
      perform private.refuse(409, 'import_in_progress', format(
        'A text is being imported into this project: wait for task %s, or cancel it.',
        import.job_id));
    end if;
    perform private.drop_job(import.job_id);
  end if;
  if (select count(*) >= max_imports from public.jobs
      where project_id = project.project_id and kind = 'dossier_import')
  then
    perform private.refuse(422, 'invalid_request', format(
      'A project may have %s imports: use another project.', max_imports));
  end if;
  perform private.check_open_jobs(
    project.owner_id, private.limit_of_caller(request, 'open_jobs')::integer);

  import := private.add_job(jsonb_build_object(
    'kind', 'dossier_import', 'owner_id', project.owner_id, 'project_id', project.project_id,
    'merge_key', 'project', 'is_serial', false, 'kept_for', null,
    'payload', jsonb_build_object(
      'title', nullif(btrim(left(request ->> 'title', 200)), ''),
      'chapters', (request ->> 'chapters')::integer,
      -- Emptying the dossier changes its log_start, which ends the import.
      'log_start', dossier_start),
    'steps', (
      select jsonb_agg(jsonb_build_object(
        'text', part.value ->> 'text', 'chapter', (part.value ->> 'chapter')::integer,
        'chapter_title', nullif(left(part.value ->> 'chapter_title', 200), ''),
        'from_byte', (part.value ->> 'from_byte')::integer) order by part.place)
      from jsonb_array_elements(parts) with ordinality as part (value, place))));
  -- After all other locks.
  perform private.check_stored_bytes(project.owner_id);
  if private.is_admission_asked(request) then
    perform private.take_share(
      project.owner_id, import.job_id, jsonb_array_length(parts), private.import_tokens(parts), 0);
    perform private.check_tokens_of_day(project.owner_id, request);
  end if;
  return private.answer(
    private.import_body(import) || jsonb_build_object(
      'status_url', format('/dossier/%s/import/%s', import.project_id, import.job_id)),
    202);
end
$$;

-- The tokens that reading the parts of a text may take: each with the instructions, and the answer.
create function private.import_tokens(parts jsonb) returns bigint
language sql immutable set search_path = '' as $$
  select sum(2 * private.estimate_tokens(part ->> 'text') + 3000) from jsonb_array_elements(parts) part;
$$;

revoke all on function
  public.start_import(jsonb),
  private.import_tokens(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.start_import(jsonb),
  private.import_tokens(jsonb)
to service_role;
