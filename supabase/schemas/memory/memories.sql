-- Companions' memories: the result of folding a memory's log.
create table public.memories (
  memory_log_id uuid not null,
  owner_id uuid not null,
  memory_id text not null check (memory_id ~ '^[0-9a-f]{16}$'),
  character_id uuid,
  type text not null check (type in ('user_fact', 'relation', 'promise', 'preference', 'event')),
  text text not null check (octet_length(text) between 1 and 4096),
  -- The day that the memory is about.
  date date,
  is_pinned boolean not null default false,
  source text not null check (source in ('extracted', 'user')),
  -- The user's own words in which it was first found; null if the user has written it down.
  quote text check (octet_length(quote) <= 4096),
  message_id uuid,
  -- All messages in which it was found; none if the user has written it down or pinned it.
  message_ids uuid[] not null default '{}',
  -- None of these messages is on its conversation's path any more.
  is_hidden boolean not null default false,
  -- The terms by which it is found (private.memory_terms).
  terms text[] not null default '{}',
  said_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (memory_log_id, memory_id),
  constraint memories_memory_log_id_owner_id_fkey foreign key (memory_log_id, owner_id)
    references public.memory_logs (memory_log_id, owner_id) on delete cascade on update cascade
);

-- Memories in the order of lists.
create index memories_listed on public.memories (memory_log_id, said_at desc, memory_id);
-- A principal's memories, for row level security.
create index memories_of_owner on public.memories (owner_id);

alter table public.memories enable row level security;

create policy own_memories_are_readable on public.memories for select to authenticated
  using (owner_id = (select private.current_principal()) and not is_hidden);
