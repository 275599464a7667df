-- Manuscripts and notes that people have already, read step by step for proposals to their dossier.
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
  constraint dossier_imports_task_id_owner_id_key unique (task_id, owner_id),
  constraint dossier_imports_finish_once
    check ((status in ('queued', 'running')) = (finished_at is null)),
  constraint dossier_imports_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

comment on table public.dossier_imports is
  'Texts that are read for a dossier. Not readable over REST.';

-- One at a time for a project.
create unique index dossier_import_open on public.dossier_imports (project_id)
  where status in ('queued', 'running');
-- A project's imports, which go with it.
create index dossier_imports_of_project on public.dossier_imports (project_id, owner_id);

alter table public.dossier_imports enable row level security;
