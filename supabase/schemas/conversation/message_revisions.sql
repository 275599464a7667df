-- Earlier texts of edited messages.
create table public.message_revisions (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  revision integer not null check (revision >= 1),
  content text not null check (octet_length(content) <= 4194304),
  -- The session's newest epoch when this text was replaced: generations up to that one may have been
  -- sent it, later ones were not. Unlike a time it cannot run backwards.
  last_epoch bigint not null check (last_epoch >= 0),
  replaced_at timestamptz not null,
  primary key (session_id, message_id, revision),
  constraint message_revisions_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint message_revisions_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

alter table public.message_revisions enable row level security;

create policy own_message_revisions_are_readable
  on public.message_revisions for select to authenticated
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));
