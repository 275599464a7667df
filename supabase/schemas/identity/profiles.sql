create table public.profiles (
  owner_id uuid primary key references public.principals (id) on delete cascade,
  email text check (char_length(email) between 1 and 320),
  display_name text check (char_length(display_name) between 1 and 200),
  avatar_url text check (char_length(avatar_url) between 1 and 2048),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

alter table public.profiles enable row level security;

create policy own_profile_is_readable on public.profiles for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.profiles
  for each row execute function private.hold_owner();
