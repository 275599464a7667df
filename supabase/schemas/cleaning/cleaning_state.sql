-- Where the cleaner is on its way through all users (mark_removed_users.sql).
create table public.cleaning_state (
  is_the_only_row boolean primary key default true check (is_the_only_row),
  -- The last user who was compared with Supabase Auth; null between two rounds.
  users_read_to uuid,
  round_ended_at timestamptz not null default '-infinity'
);

comment on table public.cleaning_state is 'The cleaner''s own. Not readable over REST.';

alter table public.cleaning_state enable row level security;

insert into public.cleaning_state default values;
