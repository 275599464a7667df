-- The text of a running generation so far. Rows are added and never rewritten, because rewriting a growing
-- text costs many times the write-ahead log.
create table public.generation_chunks (
  generation_id uuid not null
    references public.generations (generation_id) on delete cascade,
  -- UTF-8 bytes of the reply before this chunk.
  from_offset integer not null check (from_offset >= 0),
  text text not null check (text <> ''),
  created_at timestamptz not null default now(),
  primary key (generation_id, from_offset)
);

comment on table public.generation_chunks is
  'Text of generations that still run; removed when the message is stored. Not readable over REST.';

alter table public.generation_chunks enable row level security;
