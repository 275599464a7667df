-- The user's messages for a companion's memory, and whether they are on the path.
create table public.memory_readings (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  is_read boolean not null default false,
  is_on_path boolean not null default true,
  -- The number of readings that were given up.
  failures integer not null default 0 check (failures >= 0),
  -- The parts of the message that the user wants forgotten, as [begin, end] in UTF-8 bytes: left out of
  -- summaries.
  forgotten jsonb not null default '[]' check (jsonb_typeof(forgotten) = 'array'),
  created_at timestamptz not null default now(),
  -- How much of the message's text has been read: a long one is read in parts.
  read_bytes integer not null default 0 check (read_bytes >= 0),
  primary key (session_id, message_id),
  constraint memory_readings_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint memory_readings_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

comment on table public.memory_readings is
  'Messages that are read for the memory of companions. Not readable over REST.';

create index memory_readings_open on public.memory_readings (session_id) where not is_read;

alter table public.memory_readings enable row level security;
