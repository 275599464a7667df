-- All versions of a part, by a model or by the person. A version is never changed.
create table public.story_versions (
  part_id uuid not null,
  -- From 1, for the part's plan and text together.
  version integer not null check (version >= 1),
  owner_id uuid not null,
  aspect text not null check (aspect in ('plan', 'text')),
  made_by text not null check (made_by in ('model', 'person')),
  -- A plan, {scenes} for an outline, {text} for a premise or a rejected text.
  content jsonb check (jsonb_typeof(content) = 'object'),
  -- The text of a scene.
  message_id uuid references public.messages (message_id) on delete cascade,
  length integer not null default 0 check (length >= 0),
  -- The guards have found faults, and another text was requested.
  is_rejected boolean not null default false,
  findings jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
  model text check (char_length(model) <= 256),
  -- The prompt's name and version.
  prompt text check (char_length(prompt) <= 128),
  job_id uuid references public.jobs (job_id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (part_id, version),
  constraint story_versions_say_something check (num_nonnulls(content, message_id) = 1),
  constraint story_versions_part_id_owner_id_fkey foreign key (part_id, owner_id)
    references public.story_parts (part_id, owner_id) on delete cascade on update cascade
);

create index story_versions_of_message on public.story_versions (message_id);
-- The job's calls and tokens.
create index story_versions_of_job on public.story_versions (job_id);

alter table public.story_versions enable row level security;

create policy own_story_versions_are_readable on public.story_versions for select to authenticated
  using (owner_id = (select private.current_principal()));
