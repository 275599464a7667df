-- The log of a realtime session. Ids grow in the order in which a session's transactions commit, because each
-- writer holds the session's lock: a reader that asks for the events after a known id misses none.
create table public.conversation_events (
  event_id bigint generated always as identity primary key,
  session_id uuid not null,
  owner_id uuid not null,
  role text not null check (role in ('user', 'assistant', 'system', 'tool')),
  type text not null check (type in ('message', 'error', 'tool_call', 'tool_result', 'system')),
  -- The text at that time; for an error its code.
  content text not null check (octet_length(content) <= 4194304),
  -- An event is deleted with its message or its generation: a withdrawn turn leaves none.
  message_id uuid,
  generation_id uuid references public.generations (generation_id) on delete cascade,
  -- The client's own name for its message.
  client_id text check (char_length(client_id) between 1 and 128),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  constraint conversation_events_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint conversation_events_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

-- A session's events in their order.
create index conversation_events_of_session on public.conversation_events (session_id, event_id);
-- The events of a message, which are deleted with it.
create index conversation_events_of_message on public.conversation_events (session_id, message_id);
-- The events of a generation, which are deleted with it.
create index conversation_events_of_generation on public.conversation_events (generation_id);
-- A tool's call and its result are stored once.
create unique index conversation_events_of_call
  on public.conversation_events (generation_id, type, (metadata ->> 'call_id'))
  where generation_id is not null and metadata ? 'call_id';

alter table public.conversation_events enable row level security;

create policy own_events_are_readable on public.conversation_events for select to authenticated
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));
