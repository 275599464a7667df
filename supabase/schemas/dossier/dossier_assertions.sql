-- The log. Rows are added and never rewritten. An undo, another take or a person's decision is a further
-- entry, whose body names its subject.
create table public.dossier_assertions (
  project_id uuid not null,
  -- SHA-256 of the assertion, as hexadecimal digits, so that the same finding is stored once. The
  -- hash of a person's entry includes an operation id: A, B and A again are three entries.
  assertion_id text not null check (assertion_id ~ '^[0-9a-f]{64}$'),
  -- The entry's place in the log, from 1 without gaps.
  position bigint not null check (position >= 1),
  owner_id uuid not null,
  -- The entry's source: a model (extracted), a person who was asked about a model's finding
  -- (confirmed), or a person of their own accord (user). A `path` entry has no source: it names the
  -- messages that left the conversation's path and those that came back, when the path has moved.
  kind text not null check (kind in ('extracted', 'confirmed', 'user', 'path')),
  body jsonb not null check (jsonb_typeof(body) = 'object' and octet_length(body::text) <= 65536),
  -- The message in which it was found, one of this project's.
  message_id uuid references public.messages (message_id) on delete set null,
  created_at timestamptz not null default now(),
  -- Whether it is the last of the entries that were added together: its position is then a version of the
  -- dossier.
  is_version boolean not null default true,
  primary key (project_id, assertion_id),
  -- The log from a position on.
  constraint dossier_assertions_project_id_position_key unique (project_id, position),
  constraint dossier_assertions_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.dossiers (project_id, owner_id) on delete cascade on update cascade
);

-- The assertions that were found in a message.
create index dossier_assertions_of_message on public.dossier_assertions (message_id);
-- The versions of a dossier, newest first.
create index dossier_versions on public.dossier_assertions (project_id, position) where is_version;

alter table public.dossier_assertions enable row level security;

create policy own_dossier_assertions_are_readable
  on public.dossier_assertions for select to authenticated
  using (owner_id = (select private.current_principal()));
