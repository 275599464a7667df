-- Withdrawn calls of begin_turn: one that has not begun its turn yet never will.
create table public.withdrawn_calls (
  call_id uuid primary key,
  created_at timestamptz not null default now()
);

comment on table public.withdrawn_calls is
  'Calls that must not begin a turn any more. Nobody''s, and not readable over REST.';

alter table public.withdrawn_calls enable row level security;
