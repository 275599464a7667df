-- A conversation is a tree: every message but the first has a parent, the session's active leaf determines
-- the path that is shown, and nothing is deleted.
create table public.messages (
  message_id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  owner_id uuid not null,
  parent_id uuid,
  -- A turn is one message of the user and every take of the answer to it.
  turn_id uuid not null,
  turn_number integer not null check (turn_number >= 1),
  -- Order of arrival in the session, from 1.
  position integer not null check (position >= 1),
  role text not null check (role in ('user', 'assistant', 'system')),
  content text not null check (octet_length(content) <= 4194304),
  status text not null default 'complete'
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer check (output_tokens >= 0),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- The number of messages on the path to this one: 1 for a conversation's first.
  depth integer not null,
  -- Counts the message's texts: 1 until somebody edits it.
  revision integer not null default 1 check (revision >= 1),
  parent_depth integer generated always as (nullif(depth - 1, 0)) stored,
  -- A reply that a token limit or a filter has cut off is stored as its model ended it, and is not complete.
  is_complete boolean not null generated always as (
    status = 'complete'
    and coalesce(metadata ->> 'finish_reason', '') not in ('length', 'content_filter', 'refusal')) stored,
  constraint messages_session_id_message_id_key unique (session_id, message_id),
  -- Includes the owner, because row level security requires both: a page of a session is then read in order
  -- from the index, whatever the planner assumes about the second condition.
  constraint messages_session_id_owner_id_position_key unique (session_id, owner_id, position),
  constraint messages_depth_key unique (session_id, message_id, depth),
  constraint messages_without_parent_are_first check ((parent_id is null) = (depth = 1)),
  constraint messages_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  -- A parent is in the same session and exactly one step nearer to the beginning. So depths are right,
  -- whoever writes them, and a cycle cannot be stored.
  constraint messages_have_a_parent_one_step_up foreign key (session_id, parent_id, parent_depth)
    references public.messages (session_id, message_id, depth)
);

alter table public.sessions
  add constraint sessions_session_id_active_leaf_id_fkey foreign key (session_id, active_leaf_id)
    references public.messages (session_id, message_id);

-- The takes of an answer in the order of arrival: messages with one parent. Has all columns of the foreign
-- key above, whose reverse check uses it. It does not begin with the session: until a table is first
-- analysed, the planner assumes one row per session, and among equally good indexes chooses the newest one,
-- so that each check of a foreign key would read the whole session.
create index messages_of_parent
  on public.messages (parent_id, session_id, parent_depth, position);
-- The takes of a session's first message.
create index messages_first on public.messages (session_id, position) where parent_id is null;

alter table public.messages enable row level security;

create policy own_messages_are_readable on public.messages for select to authenticated
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));

-- A change of owner is not a change of content: lists keep their order.
create trigger touch_updated_at before update on public.messages
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
