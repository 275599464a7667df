-- Totals of the ledger for the deployment's metrics: changes are rows until the metrics are read, like ends
-- of turns (public.turn_ends), so that totals never decrease when people delete their data.

create table public.model_call_changes (
  model_call_change_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  -- For a call that is recorded again, the difference.
  calls integer not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null
);

create table public.model_call_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  calls bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null,
  primary key (kind, provider, model, status)
);

alter table public.model_call_changes enable row level security;
alter table public.model_call_totals enable row level security;
comment on table public.model_call_changes is
  'Calls that no total has yet. Nobody''s, and not readable over REST.';
