create table public.usage (
  usage_id uuid primary key default gen_random_uuid(),
  -- Without a foreign key: checking one would lock the principal while a turn ends, after its
  -- session, which others lock the other way round. A trigger removes a principal's rows
  -- (delete_usage.sql).
  owner_id uuid not null,
  -- A row outlives what was said: deleting a conversation gives nobody new calls.
  generation_id uuid unique references public.generations (generation_id) on delete set null,
  kind text not null check (kind in ('chat', 'relay', 'companion', 'realtime')),
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  -- The provider has told no usage: output_tokens follows from the text's length.
  is_estimated boolean not null,
  status text not null
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  created_at timestamptz not null default now()
);

-- A principal's tokens since a time, from the index alone.
create index usage_of_owner on public.usage (owner_id, created_at)
  include (input_tokens, output_tokens);

alter table public.usage enable row level security;

create policy own_usage_is_readable on public.usage for select to authenticated
  using (owner_id = (select private.current_principal()));
