-- A companion's memory of its user: one for each principal and character. Like a dossier it is computed
-- from a log (shared/memory); the edge folds the log, and the result is public.memories.
create table public.memory_logs (
  memory_log_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  -- The same as sessions.character_id; null: the companion without a character.
  character_id uuid,
  -- Increases with each change of the log, and of the paths of its conversations.
  version bigint not null default 0 check (version >= 0),
  -- The version that public.memories was computed from.
  folded_to bigint not null default 0 check (folded_to between 0 and version),
  -- The position of the newest entry.
  last_position bigint not null default 0 check (last_position >= 0),
  created_at timestamptz not null default now(),
  constraint memory_logs_memory_log_id_owner_id_key unique (memory_log_id, owner_id),
  constraint memory_logs_owner_id_character_id_key unique nulls not distinct (owner_id, character_id)
);

comment on table public.memory_logs is 'What companions remember of their users. Not readable over REST.';

-- No trigger locks the owner: a turn that creates a row holds its session, for which a move or a deletion
-- of the owner waits. Callers without a session lock the principal (read_memory_log.sql).
alter table public.memory_logs enable row level security;
