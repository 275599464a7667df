-- The data of a realtime session besides its conversation: presence, its end, and its summary.
create table public.live_sessions (
  session_id uuid primary key,
  owner_id uuid not null,
  -- Counts the beginnings of the session: it begins again when something happens after its end.
  visit integer not null default 1 check (visit >= 1),
  -- The first connection; null while the session has only had turns.
  opened_at timestamptz,
  -- The last time at which somebody was present, apart from current connections.
  present_until timestamptz not null,
  -- How long after that the session ends, from the functions' settings.
  left_seconds integer not null default 60 check (left_seconds between 1 and 86400),
  -- When the session was left, once it has ended.
  end_time timestamptz,
  summary text check (octet_length(summary) between 1 and 8192),
  constraint live_sessions_are_summarised_after_their_end check (summary is null or end_time is not null),
  constraint live_sessions_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade
);

alter table public.live_sessions enable row level security;

create policy own_live_sessions_are_readable on public.live_sessions for select to authenticated
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));
