-- A deleted session keeps its row for a while, with is_active false (cleaning/clean.sql). Sessions of the kind `story` contain the texts of a
-- story's scenes (story/story_parts.sql): they are no conversations, are in no list, and take no turns.
create table public.sessions (
  session_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  project_id uuid,
  kind text not null check (kind in ('chat', 'relay', 'companion', 'realtime', 'story')),
  -- The caller's own name for the conversation.
  external_id text check (char_length(external_id) between 1 and 128),
  title text not null check (char_length(title) between 1 and 200),
  is_active boolean not null default true,
  -- A message of this session (messages.sql has the foreign key).
  active_leaf_id uuid,
  turn_count integer not null default 0 check (turn_count >= 0),
  -- Messages of all takes; also the position of the newest one.
  message_count integer not null default 0 check (message_count >= 0),
  -- The newest generation's epoch, 0 before the first.
  last_epoch bigint not null default 0 check (last_epoch >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_message_at timestamptz not null default now(),
  -- The conversation's character, as the caller named it: it may be unknown here, invisible to the owner, or
  -- deleted, and then counts as none (private.visible_character). No foreign key: the character may be
  -- another owner's, whose deletion must not wait for turns.
  character_id uuid,
  -- The word for a user without a name, in the conversation's language.
  user_word text check (char_length(user_word) between 1 and 64),
  -- The session's instructions for the model, after our own prompt and the project's instructions.
  instructions text check (octet_length(instructions) between 1 and 8192),
  -- The defaults for its turns; null: the deployment's. The model is provider:model.
  model text check (model ~ '^[a-z]+:.' and char_length(model) <= 256),
  temperature numeric(3, 2) check (temperature between 0 and 2),
  max_tokens integer check (max_tokens >= 1),
  -- The bytes of a deleted session, which its owner's stored_byte_changes no longer have; null: they still have
  -- them.
  uncounted_bytes bigint check (uncounted_bytes >= 0),
  constraint sessions_session_id_owner_id_key unique (session_id, owner_id),
  constraint sessions_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- Finds a principal's session by its external_id, and makes that unique. The external_id of a deleted
-- session can be used again.
create unique index sessions_by_external_id on public.sessions (owner_id, kind, external_id)
  where external_id is not null and is_active;
-- A principal's sessions, newest first.
create index sessions_of_owner on public.sessions (owner_id, last_message_at desc);
-- A principal's active sessions, in the order of lists, and their number.
create index sessions_listed on public.sessions (owner_id, last_message_at desc, session_id)
  include (kind) where is_active;
-- A principal's conversations with a character, newest first.
create index sessions_with_character on public.sessions (owner_id, character_id, last_message_at desc)
  where character_id is not null;
-- A project's sessions, which are deleted with it.
create index sessions_of_project on public.sessions (project_id, owner_id);
-- Deleted sessions by the time of their deletion, for the clean-up.
create index sessions_deleted on public.sessions (updated_at) where not is_active;
-- Deleted sessions that are still counted.
create index sessions_to_uncount on public.sessions (session_id)
  where not is_active and uncounted_bytes is null;
-- A principal's deleted sessions, whose messages are not readable.
create index sessions_deleted_of_owner on public.sessions (owner_id) where not is_active;

alter table public.sessions enable row level security;

create policy own_sessions_are_readable on public.sessions for select to authenticated
  using (owner_id = (select private.current_principal()) and kind <> 'story' and is_active);

-- The caller's deleted sessions: policies hide what is in them. Security definer: they are not readable.
create function private.deleted_sessions() returns uuid[]
language sql stable security definer set search_path = '' as $$
  select array(
    select session_id from public.sessions
    where owner_id = private.current_principal() and not is_active);
$$;

revoke all on function private.deleted_sessions() from public, anon, authenticated, service_role;
grant execute on function private.deleted_sessions() to authenticated;

-- A story's worker has locked the project, which must come after the owner.
create trigger hold_owner before insert on public.sessions
  for each row when (new.kind <> 'story') execute function private.hold_owner();

-- A change of owner does not count as an update, so that lists keep their order. A deleted session keeps the
-- time of its deletion.
create trigger touch_updated_at before update on public.sessions
  for each row when (old.owner_id = new.owner_id and (old.is_active or new.is_active))
  execute function private.touch_updated_at();
