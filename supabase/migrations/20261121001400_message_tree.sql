-- What taking, editing and continuing replies need of the tree of messages, and what is kept of
-- each generation so that it can be found again, resumed and explained.

-- How many messages the path to a message has: 1 for a conversation's first.
alter table public.messages add column depth integer;

-- Rows that are there: level by level from the first messages on, each child found by its index.
alter table public.messages disable trigger touch_updated_at;
with recursive placed as (
  select message_id, session_id, 1 as depth
  from public.messages
  where parent_id is null
  union all
  select child.message_id, parent.session_id, parent.depth + 1
  from placed parent
  -- `offset 0` keeps the planner from joining each level with the whole table.
  cross join lateral (
    select message_id from public.messages
    where session_id = parent.session_id and parent_id = parent.message_id
    offset 0
  ) child
)
update public.messages message
set depth = placed.depth
from placed
where message.message_id = placed.message_id;
alter table public.messages enable trigger touch_updated_at;

alter table public.messages
  alter column depth set not null,
  -- Counts the texts that the message has had: 1 until somebody edits it.
  add column revision integer not null default 1 check (revision >= 1),
  add column parent_depth integer generated always as (nullif(depth - 1, 0)) stored,
  add constraint messages_without_parent_are_first check ((parent_id is null) = (depth = 1)),
  add constraint messages_depth_key unique (session_id, message_id, depth);

-- The takes of an answer in the order in which they came. In place of the index of that name, which
-- the new foreign key below would not be followed backwards by.
drop index public.messages_of_parent;
create index messages_of_parent
  on public.messages (session_id, parent_id, parent_depth, position);

-- A parent is in the same session and exactly one step nearer to the beginning. So depths are right
-- whoever writes, and a circle cannot be stored.
alter table public.messages
  drop constraint messages_session_id_parent_id_fkey,
  add constraint messages_have_a_parent_one_step_up
    foreign key (session_id, parent_id, parent_depth)
    references public.messages (session_id, message_id, depth);

-- Until the next migration's functions give the depth themselves.
create function private.fill_depth() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.depth := coalesce(new.depth, 1 + coalesce(
    (select depth from public.messages where message_id = new.parent_id), 0));
  return new;
end
$$;
revoke all on function private.fill_depth() from public;

create trigger fill_depth before insert on public.messages
  for each row execute function private.fill_depth();

-- Texts that a message had before it was edited.
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
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

alter table public.message_revisions enable row level security;

create policy own_message_revisions_are_readable
  on public.message_revisions for select to authenticated
  using (owner_id = (select private.current_principal()));

alter table public.generations
  add column action text not null default 'say'
    check (action in ('say', 'edit', 'regenerate', 'continue')),
  -- Bytes of the reply that were there before this run: the text that `continue` goes on from.
  add column base_bytes integer not null default 0 check (base_bytes >= 0),
  -- Messages of this session, written under its lock. No foreign keys: messages go with their
  -- session alone, and its generations with it.
  add column continued_from_id uuid,
  -- Where the path ended before `regenerate` and `continue` moved it to the question.
  add column previous_leaf_id uuid,
  -- What the model was sent is the path from this depth on, to the question or to the reply that is
  -- continued, with the texts of that time; null when that was not kept.
  add column sent_from_depth integer check (sent_from_depth >= 1),
  add column instruction text check (octet_length(instruction) <= 200000),
  add column system_prompt text check (octet_length(system_prompt) <= 200000),
  add column settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  -- The caller's name for its request, and SHA-256 of what was asked under that name.
  add column idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  add column request_hash text check (request_hash ~ '^[0-9a-f]{64}$'),
  add constraint generations_continue_a_reply
    check ((action = 'continue') = (continued_from_id is not null)),
  add constraint generations_keep_what_was_asked
    check ((idempotency_key is null) = (request_hash is null));

-- The generation that wrote, or writes, a message.
create unique index generation_of_reply on public.generations (message_id);
-- The turn that a repeated request means.
create unique index generations_by_idempotency_key
  on public.generations (owner_id, idempotency_key)
  where idempotency_key is not null;

select private.align_grants_with_policies();
