-- The log. Rows are added and never rewritten. Taking something back, another take, a decision of a
-- person: each is one more entry that names, in its body, what it is about.
create table public.dossier_assertions (
  project_id uuid not null,
  -- SHA-256 of what is asserted, as hexadecimal digits, so that the same finding is stored once.
  -- What a person does hashes an operation id too: A, B and A again are three.
  assertion_id text not null check (assertion_id ~ '^[0-9a-f]{64}$'),
  -- Order in which the log was written, from 1 without holes.
  position bigint not null check (position >= 1),
  owner_id uuid not null,
  -- Who says so: a model, a person to whom a model's finding was put, a person of their own accord;
  -- or nobody, when the conversation's path has moved: `path` names the messages that left it and
  -- those that came back.
  kind text not null check (kind in ('extracted', 'confirmed', 'user', 'path')),
  body jsonb not null check (jsonb_typeof(body) = 'object' and octet_length(body::text) <= 65536),
  -- The message that it was found in, one of this project's.
  message_id uuid references public.messages (message_id) on delete set null,
  created_at timestamptz not null default now(),
  -- Whether it is the last of those that were added together: its position is a version that the dossier
  -- has been in.
  is_version boolean not null default true,
  primary key (project_id, assertion_id),
  -- The log from a position on.
  constraint dossier_assertions_project_id_position_key unique (project_id, position),
  constraint dossier_assertions_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.dossiers (project_id, owner_id) on delete cascade on update cascade
);

-- What was found in a message.
create index dossier_assertions_of_message on public.dossier_assertions (message_id);
-- The versions of a dossier, newest first.
create index dossier_versions on public.dossier_assertions (project_id, position) where is_version;

alter table public.dossier_assertions enable row level security;

create policy own_dossier_assertions_are_readable
  on public.dossier_assertions for select to authenticated
  using (owner_id = (select private.current_principal()));
