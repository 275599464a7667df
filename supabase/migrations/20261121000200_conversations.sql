-- Projects, sessions and messages. A conversation is a tree: every message but the first has a
-- parent, the session's active leaf says which path is shown, and nothing is deleted.
--
-- Composite foreign keys carry the owner (and the session) along, so that a row can neither belong
-- to somebody else than what contains it, nor point into another conversation. Giving everything to
-- another owner is an update of projects and sessions alone.

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
  unique (project_id, owner_id)
);

create table public.sessions (
  session_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  project_id uuid,
  kind text not null check (kind in ('chat', 'relay', 'companion', 'realtime')),
  -- What a caller of the kinds other than chat names its conversation.
  external_id text check (char_length(external_id) between 1 and 128),
  title text not null check (char_length(title) between 1 and 200),
  is_active boolean not null default true,
  active_leaf_id uuid,
  turn_count integer not null default 0 check (turn_count >= 0),
  -- Messages of all takes; also the position of the newest one.
  message_count integer not null default 0 check (message_count >= 0),
  -- The newest generation's epoch, 0 before the first.
  last_epoch bigint not null default 0 check (last_epoch >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_message_at timestamptz not null default now(),
  unique (session_id, owner_id),
  foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

create table public.messages (
  message_id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  owner_id uuid not null,
  parent_id uuid,
  -- A turn is one message of the user and every take of the answer to it.
  turn_id uuid not null,
  turn_number integer not null check (turn_number >= 1),
  -- Order of arrival in the session, from 1.
  position integer not null check (position >= 1),
  role text not null check (role in ('user', 'assistant', 'system')),
  content text not null check (octet_length(content) <= 4194304),
  status text not null default 'complete'
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  is_complete boolean not null generated always as (status = 'complete') stored,
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer check (output_tokens >= 0),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (session_id, message_id),
  -- With the owner in it, because row level security asks for both: a page of a session is then read
  -- in order from the index, whatever the planner thinks of the second condition.
  unique (session_id, owner_id, position),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (session_id, parent_id) references public.messages (session_id, message_id)
);

alter table public.sessions
  add foreign key (session_id, active_leaf_id) references public.messages (session_id, message_id);

-- A principal's projects, newest first.
create index projects_of_owner on public.projects (owner_id, updated_at desc);
-- A principal's session by the name that its caller gave it; also what makes that name unique.
create unique index sessions_by_external_id on public.sessions (owner_id, kind, external_id)
  where external_id is not null;
-- A principal's sessions, newest first.
create index sessions_of_owner on public.sessions (owner_id, last_message_at desc);
-- A project's sessions, and what the project takes along when it is deleted.
create index sessions_of_project on public.sessions (project_id, owner_id);
-- The takes of an answer: messages with one parent.
create index messages_of_parent on public.messages (session_id, parent_id);

alter table public.projects enable row level security;
alter table public.sessions enable row level security;
alter table public.messages enable row level security;

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

create trigger touch_updated_at before update on public.projects
  for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.sessions
  for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.messages
  for each row execute function private.touch_updated_at();
