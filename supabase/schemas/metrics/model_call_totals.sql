-- What the ledger has come to, for the deployment's numbers: changes of it are rows until somebody asks, as
-- ends of turns are (public.turn_ends), so that totals never go down when people delete what they have.

create table public.model_call_changes (
  model_call_change_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  -- Of a call that is told better afterwards the difference.
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
