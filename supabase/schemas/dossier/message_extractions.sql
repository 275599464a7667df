-- How far each message has been read for the dossier. A job reads a conversation until no unread text is
-- left; because progress is stored here, the work survives its worker's death, and no part of a message
-- is read twice.
create table public.message_extractions (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  -- UTF-8 bytes of the message's text, from its beginning, that have been read.
  read_bytes integer not null default 0 check (read_bytes >= 0),
  is_done boolean not null default false,
  -- The number of readings that were given up.
  failures integer not null default 0 check (failures >= 0),
  created_at timestamptz not null default now(),
  primary key (session_id, message_id),
  constraint message_extractions_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint message_extractions_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

comment on table public.message_extractions is
  'How far messages have been read for their dossier. Not readable over REST.';

-- The messages of a session with unread text.
create index message_extractions_open on public.message_extractions (session_id)
  where not is_done;

alter table public.message_extractions enable row level security;
