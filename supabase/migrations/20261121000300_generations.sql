-- One run of a model for one turn, and the text that it has given so far.

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
  unique (owner_id, stream_id),
  unique (session_id, epoch),
  constraint generations_finish_once check ((status = 'streaming') = (finished_at is null)),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (session_id, user_message_id)
    references public.messages (session_id, message_id) on delete cascade
);

-- The running generation of a session; also the reason why there is never a second one.
create unique index generation_streaming_in_session on public.generations (session_id)
  where status = 'streaming';
-- The generations that answered a message, which go with it.
create index generations_of_user_message on public.generations (session_id, user_message_id);

-- Rows are added and never rewritten: rewriting a growing text costs many times the write-ahead log.
create table public.generation_chunks (
  generation_id uuid not null
    references public.generations (generation_id) on delete cascade,
  -- UTF-8 bytes of the reply before this chunk.
  from_offset integer not null check (from_offset >= 0),
  text text not null check (text <> ''),
  created_at timestamptz not null default now(),
  primary key (generation_id, from_offset)
);

alter table public.generations enable row level security;
alter table public.generation_chunks enable row level security;

comment on table public.generations is 'Runs of a model. Not readable over REST.';
comment on table public.generation_chunks is
  'Text of generations that still run; removed when the message is stored. Not readable over REST.';
