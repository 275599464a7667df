-- The open sockets. An isolate may die without notice, so a connection that has not been seen for a minute
-- is gone (private.gone_after).
create table public.live_connections (
  -- The functions make a new one for each socket.
  connection_id uuid primary key,
  session_id uuid not null,
  owner_id uuid not null,
  -- Not indexed, so that renewing it touches no index.
  seen_at timestamptz not null,
  constraint live_connections_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade
);

comment on table public.live_connections is 'Open sockets. Not readable over REST.';

create index live_connections_of_session on public.live_connections (session_id);

alter table public.live_connections enable row level security;
