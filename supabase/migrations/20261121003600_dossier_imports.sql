-- Manuscripts and notes that people have already, read step by step for proposals to their dossier: the
-- steps as rows, and what their owner asks of them. Who reads them is another migration's.
--
-- Locks are taken in the order project, import, dossier.

create table public.dossier_imports (
  task_id uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  owner_id uuid not null,
  title text check (char_length(title) <= 200),
  chapter_count integer not null check (chapter_count >= 1),
  step_count integer not null check (step_count between 1 and 400),
  status text not null default 'queued'
    check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
  -- Where the project's log began then: whoever empties the dossier ends its imports.
  log_start bigint not null,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (task_id, owner_id),
  constraint dossier_imports_finish_once
    check ((status in ('queued', 'running')) = (finished_at is null)),
  foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- One at a time for a project.
create unique index dossier_import_open on public.dossier_imports (project_id)
  where status in ('queued', 'running');
-- A project's imports, which go with it.
create index dossier_imports_of_project on public.dossier_imports (project_id, owner_id);

create table public.dossier_import_steps (
  task_id uuid not null,
  -- From 1 on, in the order of the text.
  step integer not null check (step between 1 and 400),
  owner_id uuid not null,
  -- Where it begins in the text: the chapter's number from 1 on, its title if it has one, and the bytes.
  chapter integer not null check (chapter >= 1),
  chapter_title text check (octet_length(chapter_title) <= 200),
  from_byte integer not null check (from_byte >= 0),
  to_byte integer not null check (to_byte > from_byte),
  -- What quotes are of.
  text text not null check (octet_length(text) = to_byte - from_byte),
  -- Dropped: its import was cancelled before it was read.
  status text not null default 'queued'
    check (status in ('queued', 'running', 'done', 'failed', 'dropped')),
  -- How often it was claimed, and by whom last.
  attempts integer not null default 0 check (attempts >= 0),
  lease_token uuid,
  -- Nobody claims it before; while somebody works on it, the end of the lease.
  run_after timestamptz not null default now(),
  -- What was proposed, in the order of its finding.
  proposals text[] not null default '{}',
  result jsonb,
  error text check (char_length(error) <= 1000),
  primary key (task_id, step),
  constraint dossier_import_steps_run_with_a_lease
    check (status <> 'running' or lease_token is not null),
  foreign key (task_id, owner_id)
    references public.dossier_imports (task_id, owner_id) on delete cascade on update cascade
);

-- Steps to claim, the longest waiting first.
create index dossier_import_steps_due on public.dossier_import_steps (run_after, task_id, step)
  where status in ('queued', 'running');

alter table public.dossier_imports enable row level security;
alter table public.dossier_import_steps enable row level security;
comment on table public.dossier_imports is
  'Texts that are read for a dossier. Not readable over REST.';
comment on table public.dossier_import_steps is
  'Parts of texts that are read for a dossier. Not readable over REST.';

create function private.refuse_import() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such import: use the task_id that the project''s import was answered with.');
end
$$;

-- Ends an import: what is not yet read of it is not read any more. The import is locked.
create function private.end_import(wanted_id uuid, final_status text) returns void
language plpgsql set search_path = '' as $$
begin
  update public.dossier_import_steps
  set status = 'dropped', lease_token = null
  where task_id = wanted_id and status in ('queued', 'running');
  update public.dossier_imports
  set status = final_status, finished_at = clock_timestamp()
  where task_id = wanted_id;
end
$$;

-- How far an import is, for its owner.
create function private.import_body(import public.dossier_imports) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'task_id', import.task_id,
    'project_id', import.project_id,
    'title', import.title,
    'status', import.status,
    'chapters', import.chapter_count,
    'steps', import.step_count,
    'steps_done', count(*) filter (where step.status = 'done'),
    'steps_failed', count(*) filter (where step.status = 'failed'),
    'progress', floor(100.0 * count(*) filter (where step.status in ('done', 'failed'))
      / import.step_count)::integer,
    'proposals', (
      select coalesce(jsonb_agg(found.proposal order by found.first_place), '[]')
      from (
        select made.proposal, min(ready.step * 10000::bigint + made.place) as first_place
        from public.dossier_import_steps ready
        cross join lateral unnest(ready.proposals) with ordinality as made (proposal, place)
        where ready.task_id = import.task_id
        group by made.proposal
      ) found),
    'error', (
      select error from public.dossier_import_steps
      where task_id = import.task_id and error is not null
      order by step
      limit 1),
    'created_at', private.iso(import.created_at),
    'finished_at', private.iso(import.finished_at))
  from public.dossier_import_steps step
  where step.task_id = import.task_id;
$$;

-- Begins to read a text: {principal, project_id, title | null, chapters, steps: [{text, chapter,
-- chapter_title | null, from_byte}]}; 202 with how far it is, and where to ask for that.
create function public.start_import(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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

-- The import, which is the principal's, locked if it is to be changed; refused otherwise.
create function private.own_import(request jsonb, is_locked boolean)
returns public.dossier_imports
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_project_id constant uuid := private.read_id(request, 'project_id');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  is_visible boolean;
  import public.dossier_imports;
begin
  perform private.act_as(principal_id);
  is_visible := exists (select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);
  if is_visible then
    if is_locked then
      perform from public.projects where project_id = wanted_project_id for key share;
      select * into import from public.dossier_imports
      where task_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id
      for no key update;
    else
      select * into import from public.dossier_imports
      where task_id = wanted_id and project_id = wanted_project_id and owner_id = principal_id;
    end if;
  end if;
  if import.task_id is null then
    perform private.refuse_import();
  end if;
  return import;
end
$$;

-- How far an import is: {principal, project_id, task_id}.
create function public.read_import(request jsonb) returns jsonb
language sql set search_path = ''
return private.answer(private.import_body(private.own_import(request, false)));

-- Ends an import before its end: {principal, project_id, task_id}. What it has proposed stays. One that
-- has ended stays as it is.
create function public.cancel_import(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  import public.dossier_imports := private.own_import(request, true);
begin
  if import.status in ('queued', 'running') then
    perform private.end_import(import.task_id, 'cancelled');
    select * into import from public.dossier_imports where task_id = import.task_id;
  end if;
  return private.answer(private.import_body(import));
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.refuse_import(),
  private.end_import(uuid, text),
  private.import_body(public.dossier_imports),
  private.own_import(jsonb, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_import(),
  private.end_import(uuid, text),
  private.import_body(public.dossier_imports),
  private.own_import(jsonb, boolean)
to service_role;

revoke all on function
  public.start_import(jsonb),
  public.read_import(jsonb),
  public.cancel_import(jsonb)
from public, anon, authenticated;
grant execute on function
  public.start_import(jsonb),
  public.read_import(jsonb),
  public.cancel_import(jsonb)
to service_role;
