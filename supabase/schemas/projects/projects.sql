-- Composite foreign keys to this table, and to those below it, include the owner (and the session), so
-- that a row can neither belong to another user than its container, nor point into another
-- conversation. Moving everything to another owner only updates projects and sessions.
create table public.projects (
  project_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  is_favourite boolean not null default false,
  phase text not null default 'setup'
    check (phase in ('setup', 'premise', 'outline', 'writing', 'export')),
  status text not null default 'active' check (status in ('active', 'completed', 'archived')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Instructions for models in each of its sessions, after our own prompt.
  instructions text check (octet_length(instructions) between 1 and 8192),
  constraint projects_project_id_owner_id_key unique (project_id, owner_id)
);

-- A principal's projects, newest first.
create index projects_of_owner on public.projects (owner_id, updated_at desc);

alter table public.projects enable row level security;

create policy own_projects_are_readable on public.projects for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.projects
  for each row execute function private.hold_owner();

-- A change of owner is not a change of content: lists keep their order.
create trigger touch_updated_at before update on public.projects
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
