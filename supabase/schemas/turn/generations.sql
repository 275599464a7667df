-- One run of a model for one turn, with all data to find it again, resume it and explain it.
create table public.generations (
  generation_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  session_id uuid not null,
  -- The id to resume and cancel by: the caller's own text, or an id that begin_turn made.
  stream_id text not null check (char_length(stream_id) between 1 and 128),
  user_message_id uuid not null,
  -- Assigned at the start; the message itself is stored at the end, unless it has no text.
  message_id uuid not null default gen_random_uuid(),
  -- Increases within a session, so that a late cancel does not affect a newer generation.
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
  -- Bytes of the reply that existed before this run: the text that `continue` continues.
  base_bytes integer not null default 0 check (base_bytes >= 0),
  -- Messages of this session, written under its lock. No foreign keys: messages are deleted only with their
  -- session, and so are its generations.
  continued_from_id uuid,
  -- The path's end before `regenerate` and `continue` moved it to the question.
  previous_leaf_id uuid,
  -- The model was sent the path from this depth on, to the question or to the continued reply, with the texts
  -- of that time; null when that was not recorded.
  sent_from_depth integer check (sent_from_depth >= 1),
  instruction text check (octet_length(instruction) <= 200000),
  system_prompt text check (octet_length(system_prompt) <= 262144),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  -- The caller's name for its request, and SHA-256 of the request under that name, or under the caller's own
  -- stream_id.
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  request_hash text check (request_hash ~ '^[0-9a-f]{64}$'),
  -- The bot that answered. No foreign key: the bot may be another owner's, and its deletion must neither wait
  -- for turns nor change stored messages.
  bot_id bigint,
  -- How often the running reply was saved with new text.
  save_count integer not null default 0 check (save_count >= 0),
  -- The summary that the model was sent instead of the messages before `sent_from_depth`, and the heading
  -- between it and the system prompt.
  summary_until_id uuid,
  summary_heading text,
  -- Whether to read the user's message for the dossier however the turn ends: its writer may have died by
  -- then.
  reads_question boolean not null default false,
  -- The head of the dossier's log when the turn began; null if the turn did not ask for the dossier.
  dossier_version bigint check (dossier_version >= 0),
  -- The assertions behind the dossier's text in the prompt.
  dossier_facts jsonb not null default '[]' check (jsonb_typeof(dossier_facts) = 'array'),
  -- Name and version of our prompt at the beginning of system_prompt, such as chat-1; null if the
  -- instructions are not ours.
  prompt text check (char_length(prompt) between 1 and 64),
  -- The reply was ended because its writer was silent. A writer that is alive after all may reopen it
  -- (reopen_generation.sql).
  ended_by_silence boolean not null default false,
  -- The call of begin_turn that made it, by which a caller that has given up withdraws it
  -- (withdraw_turn.sql).
  call_id uuid,
  -- The reply was ended for silence, that end was counted, and the reply was reopened.
  is_end_counted boolean not null default false,
  -- The companion's memories in the prompt, after system_prompt: the ids, so that memories forgotten later
  -- are not kept here.
  memory_ids jsonb not null default '[]' check (jsonb_typeof(memory_ids) = 'array'),
  -- The bytes to which texts were cut for the model (private.cut_text), by message_id.
  cuts jsonb not null default '{}' check (jsonb_typeof(cuts) = 'object'),
  -- The first depth of the path from which older messages were sent whole; null when that was not recorded.
  whole_from_depth integer check (whole_from_depth >= 1),
  -- The budget of the history, without the question's attachments.
  history_budget_tokens integer,
  -- The parts of system_prompt, [{part, bytes}] (private.measured_parts); null when that was not recorded.
  prompt_parts jsonb check (jsonb_typeof(prompt_parts) = 'array'),
  -- The request's data in the reply's metadata: {temperature, max_tokens, guidance}.
  reply_metadata jsonb not null default '{}' check (jsonb_typeof(reply_metadata) = 'object'),
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

-- The running generation of a session; its uniqueness prevents a second one.
create unique index generation_streaming_in_session on public.generations (session_id)
  where status = 'streaming';
-- An owner's running generations, to count them.
create index generations_streaming_of_owner on public.generations (owner_id) where status = 'streaming';
-- The generations that answer a message, which are deleted with it. Like messages_of_parent, it does not begin
-- with the session.
create index generations_of_user_message on public.generations (user_message_id, session_id);
-- The generation that wrote, or writes, a message.
create unique index generation_of_reply on public.generations (message_id);
-- For finding the turn of a repeated request.
create unique index generations_by_idempotency_key
  on public.generations (owner_id, idempotency_key)
  where idempotency_key is not null;

create unique index generations_by_call on public.generations (call_id)
  where call_id is not null;

alter table public.generations enable row level security;
