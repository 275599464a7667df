-- The deployment's metrics for its operator. Ends of turns are rows until the metrics are read; then they are
-- added to totals, so that reading costs only the work since the last time, totals never decrease when people
-- delete their data, and turns do not contend for a row.
create table public.turn_ends (
  turn_end_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  saves integer not null,
  first_token_ms integer,
  latency_ms integer,
  -- The generation that has ended, needed as long as the end may be removed again.
  generation_id uuid references public.generations (generation_id) on delete set null,
  -- Whether the row is the difference for a turn whose end was counted already.
  is_addition boolean not null default false
);

comment on table public.turn_ends is
  'Ends of turns that no total has yet. Nobody''s, and not readable over REST.';

-- For removing a counted end, and for a generation's deletion.
create index turn_ends_generation on public.turn_ends (generation_id);

alter table public.turn_ends enable row level security;

create table public.turn_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  turns bigint not null,
  saves bigint not null,
  primary key (kind, provider, model, status)
);

alter table public.turn_totals enable row level security;

create table public.duration_totals (
  measure text not null check (measure in ('first_token', 'latency')),
  kind text not null,
  -- The number of private.duration_bounds_ms below the durations counted here.
  bucket integer not null check (bucket >= 0),
  durations bigint not null,
  sum_ms bigint not null,
  primary key (measure, kind, bucket)
);

alter table public.duration_totals enable row level security;
