-- The state of each principal's rate limits.
create table public.rate_limits (
  owner_id uuid not null references public.principals (id) on delete cascade,
  action text not null check (char_length(action) between 1 and 64),
  -- When the whole allowance is available again.
  full_at timestamptz not null,
  primary key (owner_id, action)
);

comment on table public.rate_limits is
  'One timestamp for each principal and action. Not readable over REST.';

alter table public.rate_limits enable row level security;
