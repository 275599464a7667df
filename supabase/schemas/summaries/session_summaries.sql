-- Summaries of conversations up to a message. The messages that lead to a message never change, so a
-- summary is valid for every path through it, whichever take is shown, until one of them is edited.
create table public.session_summaries (
  session_id uuid not null,
  until_message_id uuid not null,
  owner_id uuid not null,
  until_position integer not null check (until_position >= 1),
  summary text not null check (octet_length(summary) between 1 and 8192),
  -- Whether a summarised text has been edited since. A stale summary is not sent to models any more; it
  -- is kept as a record of what was sent.
  is_stale boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (session_id, until_message_id),
  constraint session_summaries_session_id_until_position_key unique (session_id, until_position),
  constraint session_summaries_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint session_summaries_session_id_until_message_id_fkey
    foreign key (session_id, until_message_id)
    references public.messages (session_id, message_id) on delete cascade
);

alter table public.session_summaries enable row level security;

create policy own_session_summaries_are_readable
  on public.session_summaries for select to authenticated
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));
