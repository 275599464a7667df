-- The entries of a memory's log: an extractor's findings, each with the user's own words, and the user's acts
-- (shared/memory). Forgotten entries are deleted; an entry without any of their words stays and prevents
-- their return.
create table public.memory_entries (
  memory_log_id uuid not null,
  owner_id uuid not null,
  position bigint not null check (position >= 1),
  assertion_id text not null check (assertion_id ~ '^[0-9a-f]{64}$'),
  kind text not null check (kind in ('extracted', 'user')),
  body jsonb not null check (jsonb_typeof(body) = 'object' and octet_length(body::text) <= 65536),
  -- The message in which it was found.
  message_id uuid references public.messages (message_id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (memory_log_id, assertion_id),
  constraint memory_entries_memory_log_id_position_key unique (memory_log_id, position),
  constraint memory_entries_memory_log_id_owner_id_fkey foreign key (memory_log_id, owner_id)
    references public.memory_logs (memory_log_id, owner_id) on delete cascade on update cascade
);

comment on table public.memory_entries is 'Logs of memories. Not readable over REST.';

create index memory_entries_of_message on public.memory_entries (message_id);

alter table public.memory_entries enable row level security;
