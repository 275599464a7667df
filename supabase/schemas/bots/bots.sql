-- Bots of the relay: a model with its instructions, and its address and key.
create table public.bots (
  bot_id bigint generated always as identity primary key,
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  -- Null: the provider that has the model in the deployment's settings.
  provider text check (char_length(provider) between 1 and 64),
  model text not null check (char_length(model) between 1 and 256),
  system text check (octet_length(system) between 1 and 200000),
  -- The address for requests instead of the provider's own.
  access_path text check (char_length(access_path) between 1 and 2048),
  is_public boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- A principal's bots, newest first.
create index bots_of_owner on public.bots (owner_id, bot_id desc);
-- All public bots, newest first, and how many of them belong to others.
create index public_bots on public.bots (bot_id desc) include (owner_id) where is_public;

alter table public.bots enable row level security;

-- REST shows only one's own bots: a public bot's instructions belong to its owner, and row level
-- security hides rows, not columns.
create policy own_bots_are_readable on public.bots for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.bots
  for each row execute function private.hold_owner();

create trigger touch_updated_at before update on public.bots
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
