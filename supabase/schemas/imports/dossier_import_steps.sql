-- The steps of imports are claimed by workers by lease, so that an import survives whoever worked on it,
-- and nothing of a text is read twice. Claiming takes an import alone, and waits for nobody.
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
  constraint dossier_import_steps_task_id_owner_id_fkey foreign key (task_id, owner_id)
    references public.dossier_imports (task_id, owner_id) on delete cascade on update cascade
);

comment on table public.dossier_import_steps is
  'Parts of texts that are read for a dossier. Not readable over REST.';

-- Steps to claim, the longest waiting first.
create index dossier_import_steps_due on public.dossier_import_steps (run_after, task_id, step)
  where status in ('queued', 'running');

alter table public.dossier_import_steps enable row level security;
