-- The usage of the whole deployment, a row for each day in UTC.
create table public.deployment_usage (
  day date primary key,
  -- The ledger's sum of the day up to counted_until, when no transaction could add to it any more.
  counted_tokens bigint not null default 0 check (counted_tokens >= 0),
  counted_until timestamptz not null,
  -- The sum from counted_until to read_at, and the reservations that were open at read_at.
  recent_tokens bigint not null default 0 check (recent_tokens >= 0),
  reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
  -- Turns that were running at read_at.
  running_turns integer not null default 0 check (running_turns >= 0),
  read_at timestamptz not null
);

comment on table public.deployment_usage is 'The usage of everybody together, by day. Not readable over REST.';

alter table public.deployment_usage enable row level security;
