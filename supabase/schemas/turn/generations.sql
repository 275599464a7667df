-- One run of a model for one turn, and what is kept of it so that it can be found again, resumed and
-- explained.
create table public.generations (
  generation_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  session_id uuid not null,
  -- What callers resume and cancel by: their own text, or an id that begin_turn made.
  stream_id text not null check (char_length(stream_id) between 1 and 128),
  user_message_id uuid not null,
  -- Allotted at the start; the message itself is stored with the end, unless nothing was said.
  message_id uuid not null default gen_random_uuid(),
  -- Grows within a session, so that a late cancel can be told from one that is meant.
  epoch bigint not null check (epoch >= 1),
  status text not null default 'streaming' check (
    status in ('streaming', 'complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  cancel_requested boolean not null default false,
  -- UTF-8 bytes of the reply that are stored, first in chunks, then in the message.
  saved_bytes integer not null default 0 check (saved_bytes >= 0),
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  finish_reason text check (char_length(finish_reason) <= 64),
  error_code text check (char_length(error_code) <= 64),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer check (output_tokens >= 0),
  first_token_ms integer check (first_token_ms >= 0),
  latency_ms integer check (latency_ms >= 0),
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  finished_at timestamptz,
  action text not null default 'say'
    check (action in ('say', 'edit', 'regenerate', 'continue')),
  -- Bytes of the reply that were there before this run: the text that `continue` goes on from.
  base_bytes integer not null default 0 check (base_bytes >= 0),
  -- Messages of this session, written under its lock. No foreign keys: messages go with their
  -- session alone, and its generations with it.
  continued_from_id uuid,
  -- Where the path ended before `regenerate` and `continue` moved it to the question.
  previous_leaf_id uuid,
  -- What the model was sent is the path from this depth on, to the question or to the reply that is
  -- continued, with the texts of that time; null when that was not kept.
  sent_from_depth integer check (sent_from_depth >= 1),
  instruction text check (octet_length(instruction) <= 200000),
  system_prompt text check (octet_length(system_prompt) <= 200000),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  -- The caller's name for its request, and SHA-256 of what was asked under that name, or under the
  -- caller's own stream_id.
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  request_hash text check (request_hash ~ '^[0-9a-f]{64}$'),
  -- Which bot has answered. No foreign key: the bot is another's perhaps, and its deletion must
  -- neither wait for turns nor change what was said.
  bot_id bigint,
  -- Times that a running reply was saved with new text.
  save_count integer not null default 0 check (save_count >= 0),
  -- The summary that the model was sent in place of the messages before `sent_from_depth`, and what
  -- stood between it and the system prompt.
  summary_until_id uuid,
  summary_heading text,
  -- The user's message of this turn is to be read for the dossier however the turn ends: its caller may
  -- be dead by then.
  reads_question boolean not null default false,
  -- The head of the dossier's log when the turn began; null where it was not asked for.
  dossier_version bigint check (dossier_version >= 0),
  -- The assertions that the prompt's lines about the story come from.
  dossier_facts jsonb not null default '[]' check (jsonb_typeof(dossier_facts) = 'array'),
  -- Name and version of the prompt that system_prompt begins with, such as chat-1; null where the
  -- instructions are not ours.
  prompt text check (char_length(prompt) between 1 and 64),
  -- It was ended because nothing was heard of its writer, who may go on with it if it lives after all
  -- (reopen_generation.sql).
  ended_by_silence boolean not null default false,
  -- Names the call of begin_turn that made it, so that who has given that call up can take it back
  -- (withdraw_turn.sql).
  call_id uuid,
  -- It was ended for silence, that end was counted, and it has gone on.
  is_end_counted boolean not null default false,
  constraint generations_owner_id_stream_id_key unique (owner_id, stream_id),
  constraint generations_session_id_epoch_key unique (session_id, epoch),
  constraint generations_finish_once check ((status = 'streaming') = (finished_at is null)),
  constraint generations_continue_a_reply
    check ((action = 'continue') = (continued_from_id is not null)),
  constraint generations_keep_what_was_asked
    check (idempotency_key is null or request_hash is not null),
  constraint generations_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint generations_session_id_user_message_id_fkey foreign key (session_id, user_message_id)
    references public.messages (session_id, message_id) on delete cascade
);

comment on table public.generations is 'Runs of a model. Not readable over REST.';

-- The running generation of a session; also the reason why there is never a second one.
create unique index generation_streaming_in_session on public.generations (session_id)
  where status = 'streaming';
-- The generations that answered a message, which go with it.
create index generations_of_user_message on public.generations (session_id, user_message_id);
-- The generation that wrote, or writes, a message.
create unique index generation_of_reply on public.generations (message_id);
-- The turn that a repeated request means.
create unique index generations_by_idempotency_key
  on public.generations (owner_id, idempotency_key)
  where idempotency_key is not null;

create unique index generations_by_call on public.generations (call_id)
  where call_id is not null;

alter table public.generations enable row level security;
